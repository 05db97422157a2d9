// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Virtio

/// The fields of a network device's configuration (virtio 1.2 section 5.1.4). Each is there only
/// with the feature that announces it.
extension VirtioDevice {
  /// `mac`, at offset 0; nil when there is none. A group address or zero is no address of a station.
  func readNetAddress() -> MACAddress? {
    guard features.contains(.netMAC), transport.configurationByteCount >= 6,
      let value = readConfiguration({ transport in
        var value: UInt64 = 0
        for offset in 0..<6 { value = value << 8 | UInt64(transport.configuration8(at: offset)) }
        return value
      })
    else { return nil }
    let address = MACAddress(value)
    return address.isMulticast || value == 0 ? nil : address
  }

  /// `status`, at offset 6: whether the link is up (bit 0); nil when the device does not tell.
  func readNetLink() -> Bool? {
    guard features.contains(.netStatus), transport.configurationByteCount >= 8,
      let status = readConfiguration({ $0.configuration16(at: 6) })
    else { return nil }
    return status & 1 != 0
  }

  /// `mtu`, at offset 10; nil when the device does not tell. 68 is the least that IP allows (RFC 791
  /// section 3.2).
  func readNetMTU() -> Int? {
    guard features.contains(.netMTU), transport.configurationByteCount >= 12,
      let value = readConfiguration({ $0.configuration16(at: 10) }), value >= 68
    else { return nil }
    return Int(value)
  }
}
