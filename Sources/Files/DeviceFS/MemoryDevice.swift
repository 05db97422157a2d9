// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import VFS

/// The devices of major number 1 (`null(4)`, `full(4)`, `random(4)`).
public enum MemoryDevice: UInt64, Sendable {
  case null = 3
  case zero = 5
  case full = 7
  case random = 8
  case urandom = 9

  /// `st_rdev`
  public var number: UInt64 { DeviceNumber.encode(major: 1, minor: rawValue) }

  /// The device with this `st_rdev`.
  public init?(number: UInt64) {
    guard number >> 8 == 1 else { return nil }
    switch number & 0xff {
    case 3: self = .null
    case 5: self = .zero
    case 7: self = .full
    case 8: self = .random
    case 9: self = .urandom
    default: return nil
    }
  }
}

/// The node of a memory device.
final class MemoryDeviceNode: Node {
  private let system: PseudoFileSystem
  private let device: MemoryDevice
  private let random: any RandomByteSource

  init(_ system: PseudoFileSystem, _ device: MemoryDevice, _ random: any RandomByteSource) {
    self.system = system
    self.device = device
    self.random = random
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: .characterDevice,
      permissionBits: 0o666)
  }

  override var representedDevice: UInt64 { device.number }
  override var statistics: FileSystemStatistics { system.statistics }

  override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    MemoryDeviceFile(node: self, flags: flags, device: device, random: random)
  }

  // O_TRUNC means nothing to a device.
  override func truncate(to byteCount: Int64) throws(SystemError) {}

  override func pageSource() throws(SystemError) -> PageSource {
    guard device == .zero else { throw .noSuchDevice }
    return ZeroPages(deviceNumber: deviceNumber, inodeNumber: number)
  }
}
