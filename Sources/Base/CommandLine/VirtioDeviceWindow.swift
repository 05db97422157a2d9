// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Where one virtio-mmio device is, as the words `virtio_mmio.device=SIZE@ADDRESS:INTERRUPT` of
/// the command line tell (Linux `Documentation/admin-guide/kernel-parameters`, virtio 1.2
/// section 4.2.1).
public struct VirtioDeviceWindow: Equatable, Sendable {
  /// The physical address of the first register.
  public let address: PhysicalAddress
  /// The size of the window in bytes.
  public let byteCount: Int
  /// The interrupt line (an input of the interrupt controller).
  public let interruptLine: Int

  /// Creates a window of `byteCount` bytes.
  public init(address: PhysicalAddress, byteCount: Int, interruptLine: Int) {
    self.address = address
    self.byteCount = byteCount
    self.interruptLine = interruptLine
  }
}
