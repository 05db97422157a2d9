// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// A piece of memory that is handed to a device. It keeps nothing alive: DMA memory is never given
/// back.
public struct VirtioBuffer: Sendable, BitwiseCopyable {
  /// Where the device finds it.
  let address: PhysicalAddress
  /// Its size in bytes, 1 to 2^31.
  let byteCount: Int
  /// Whether the device writes it; otherwise the device reads it.
  let isDeviceWritable: Bool

  /// A piece that the device reads. Traps when it is not inside `memory`.
  public static func read(from memory: DMAMemory, offset: Int, byteCount: Int) -> Self {
    Self(memory, offset, byteCount, isDeviceWritable: false)
  }

  /// A piece that the device writes. Traps when it is not inside `memory`.
  public static func written(to memory: DMAMemory, offset: Int, byteCount: Int) -> Self {
    Self(memory, offset, byteCount, isDeviceWritable: true)
  }

  private init(_ memory: DMAMemory, _ offset: Int, _ byteCount: Int, isDeviceWritable: Bool) {
    precondition(
      offset >= 0 && byteCount > 0 && byteCount <= 1 << 31 && offset <= memory.byteCount
        && byteCount <= memory.byteCount &- offset, "buffer outside its memory")
    self.init(
      address: memory.physicalAddress + offset, byteCount: byteCount,
      isDeviceWritable: isDeviceWritable)
  }

  /// A piece by its address, for drivers whose buffers know that they are in DMA memory.
  ///
  /// A wrong address lets the device read or write what it should not: hence not public.
  @inline(__always)
  package init(address: PhysicalAddress, byteCount: Int, isDeviceWritable: Bool) {
    self.address = address
    self.byteCount = byteCount
    self.isDeviceWritable = isDeviceWritable
  }
}

/// A chain of buffers that the device has given back.
public struct UsedChain: Equatable, Sendable, BitwiseCopyable {
  /// What `Virtqueue.add` returned for it.
  public let name: Int
  /// How many bytes the device says to have written; at most what the chain can hold.
  public let writtenByteCount: Int
}
