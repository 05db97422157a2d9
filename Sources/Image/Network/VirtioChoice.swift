// SPDX-License-Identifier: BSD-3-Clause

#if VIRTIO_MMIO
  import VirtioMMIO
#endif
#if VIRTIO_PCI
  import PCI
  import VirtioPCI
#endif
import Bytes
import CommandLine
import Virtio

/// The first virtio device of a kind (`VirtioConsole.deviceKind` and so on), on whatever transport
/// the image knows.
func findVirtioDevice(_ kind: UInt32, _ parameters: BootParameters) -> (any VirtioTransport)? {
  var found: (any VirtioTransport)?
  forEachVirtioDevice(kind, parameters) { transport in
    found = transport
    return false
  }
  return found
}

/// Calls `body` with each virtio device of a kind until it returns false. Devices of other kinds
/// are left alone.
func forEachVirtioDevice(
  _ kind: UInt32, _ parameters: BootParameters, _ body: (any VirtioTransport) -> Bool
) {
  #if VIRTIO_MMIO
    for window in parameters.virtioDevices {
      if let transport = try? VirtioMMIOTransport(
        at: window.address, byteCount: window.byteCount, interruptLine: window.interruptLine),
        transport.deviceKind == kind
      {
        guard body(transport) else { return }
      }
    }
  #endif
  #if VIRTIO_PCI
    PCIBus.forEachDevice(in: PCIPortConfiguration()) { device in
      guard let transport = try? VirtioPCITransport(device),
        transport.deviceKind == kind
      else { return true }
      return body(transport)
    }
  #endif
}
