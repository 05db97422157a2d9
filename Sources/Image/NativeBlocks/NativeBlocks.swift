// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import VirtioBlock
#if VIRTIO_BLOCK
  import Log
  import NativeDevices
  import NativeThreads
  import Scheduling
  import Virtio
#endif

/// The block devices of native applications, found when they are first asked for.
public enum NativeBlocks {
  private static let found = KernelGlobal<[VirtioBlock]?>(nil)

  /// All of them, in the order in which the host names them; none where configuration left their
  /// driver out.
  public static var devices: [VirtioBlock] {
    #if VIRTIO_BLOCK
      if let devices = found.value { return devices }
      let devices = start()
      found.value = devices
      return devices
    #else
      return []
    #endif
  }

  #if VIRTIO_BLOCK
    /// A device that does not work stops the machine: the next one must not have its number.
    private static func start() -> [VirtioBlock] {
      NativeRuntime.startThreads()
      var devices: [VirtioBlock] = []
      NativeDevices.forEachVirtio(VirtioBlock.deviceKind) { transport in
        let interrupts = transport.connectInterrupts()
        guard let device = try? VirtioBlock(transport) else {
          Panic.refuse("blocks", "a virtio block device does not work")
        }
        if let interrupts {
          Scheduler.handle(interrupts.queues, by: device)
          if let line = interrupts.configuration { Scheduler.handle(line, by: device) }
        }
        // An edge that came before the line was routed is lost.
        device.processInterrupt()
        devices.append(device)
        return true
      }
      return ordered(devices)
    }

    /// In the order of their names, `disk0` and so on, where they have such; the machine's busses
    /// have orders of their own.
    private static func ordered(_ devices: [VirtioBlock]) -> [VirtioBlock] {
      var result: [VirtioBlock?] = devices.map { _ in nil }
      for device in devices {
        guard let number = number(of: device), number < result.count, result[number] == nil else {
          return devices
        }
        result[number] = device
      }
      return result.compactMap { $0 }
    }

    private static func number(of device: VirtioBlock) -> Int? {
      let prefix = StaticString("disk").bytes
      guard let name = try? device.identifier(), name.count > prefix.byteCount,
        name.count < prefix.byteCount + 4,
        RawSpan(_elements: name.span).extracting(first: prefix.byteCount)
          .holdsSameBytes(as: prefix)
      else { return nil }
      var number = 0
      for byte in name[prefix.byteCount...] {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        number = number * 10 + Int(byte - UInt8(ascii: "0"))
      }
      return number
    }
  #endif
}
