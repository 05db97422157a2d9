// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// Files that the host puts at a guest's disposal: QEMU's firmware configuration device
/// (`docs/specs/fw_cfg` of QEMU), reached through I/O ports.
///
/// The host is checked: sizes are bounded, and a device that does not finish is given up.
public struct FirmwareConfiguration {
  /// Why a file cannot be read.
  public enum Failure: UInt8, Error, Sendable {
    /// There is no file of that name.
    case noSuchFile
    /// The file is larger than allowed.
    case tooLarge
    /// The device reported an error or did not finish.
    case deviceError
    /// No memory for the transfer.
    case outOfMemory
  }

  private let selector: Port
  private let data: Port
  private let dmaHigh: Port
  private let dmaLow: Port
  private let hasDMA: Bool

  /// Entries of the directory beyond this are not looked at; QEMU has about 30.
  private static var directoryLimit: Int { 1024 }
  private static var pollLimit: Int { 1_000_000 }

  /// Finds the device at its ports, 0x510 on a PC; returns nil where there is none.
  public init?(firstPort: UInt16 = 0x510) {
    selector = Port(firstPort)
    data = Port(firstPort &+ 1)
    dmaHigh = Port(firstPort &+ 4)
    dmaLow = Port(firstPort &+ 8)
    selector.writeHalf(Key.signature)
    for byte in [UInt8(ascii: "Q"), UInt8(ascii: "E"), UInt8(ascii: "M"), UInt8(ascii: "U")] {
      if data.readByte() != byte { return nil }
    }
    selector.writeHalf(Key.features)
    hasDMA = data.readByte() & 2 != 0
  }

  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - name: its name, such as `opt/martlet/launch`; at most 55 bytes.
  ///   - limit: the most bytes that are accepted.
  public func file(named name: StaticString, limit: Int = 1 << 20) throws(Failure) -> [UInt8] {
    let (key, size) = try find(name.bytes)
    guard size <= limit else { throw .tooLarge }
    selector.writeHalf(key)
    return hasDMA && size > 64 ? try readByDMA(size) : readByPort(size)
  }

  /// Looks the name up in the directory: a count, then entries of 64 bytes, big-endian.
  private func find(_ name: RawSpan) throws(Failure) -> (key: UInt16, byteCount: Int) {
    selector.writeHalf(Key.directory)
    let count = Int(readBigEndian32())
    for _ in 0..<min(count, Self.directoryLimit) {
      let size = readBigEndian32()
      let keyAndPadding = readBigEndian32()
      var matches = name.byteCount < Key.nameByteCount
      for index in 0..<Key.nameByteCount {
        let byte = data.readByte()
        // The name ends with a zero byte; what follows does not matter.
        if index < name.byteCount {
          if byte != name.byte(at: index) { matches = false }
        } else if index == name.byteCount, byte != 0 {
          matches = false
        }
      }
      if matches { return (UInt16(truncatingIfNeeded: keyAndPadding >> 16), Int(size)) }
    }
    throw .noSuchFile
  }

  private func readBigEndian32() -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 { value = value << 8 | UInt32(data.readByte()) }
    return value
  }

  private func readByPort(_ size: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    for _ in 0..<size { bytes.append(data.readByte()) }
    return bytes
  }

  /// Reads the selected item with one command: `struct FWCfgDmaAccess` (control, length, address,
  /// big-endian) whose address goes to the DMA register, high half first.
  private func readByDMA(_ size: Int) throws(Failure) -> [UInt8] {
    let commandByteCount = 16
    let pageCount = (size &+ commandByteCount &+ pageSize &- 1) / pageSize
    guard let memory = DMAMemory(pageCount: pageCount) else { throw .outOfMemory }
    let base = UInt64(memory.physicalAddress.rawValue)
    memory.store32(Key.dmaRead.bigEndian, at: 0)
    memory.store32(UInt32(truncatingIfNeeded: size).bigEndian, at: 4)
    memory.store64((base &+ UInt64(commandByteCount)).bigEndian, at: 8)
    Barrier.full()
    dmaHigh.writeWord(UInt32(truncatingIfNeeded: base >> 32).bigEndian)
    dmaLow.writeWord(UInt32(truncatingIfNeeded: base).bigEndian)
    var polls = 0
    while true {
      let control = UInt32(bigEndian: memory.load32(at: 0))
      if control == 0 { break }
      polls &+= 1
      if control & Key.dmaError != 0 || polls == Self.pollLimit { throw .deviceError }
    }
    Barrier.acquire()
    var bytes = [UInt8](repeating: 0, count: size)
    var span = bytes.mutableSpan
    var target = MutableRawSpan(_elements: &span)
    memory.read(into: &target, at: commandByteCount)
    return bytes
  }
}

/// Numbers of the device.
private enum Key {
  /// `FW_CFG_SIGNATURE`
  static var signature: UInt16 { 0x0000 }
  /// `FW_CFG_ID`: bit 0 the ports, bit 1 DMA.
  static var features: UInt16 { 0x0001 }
  /// `FW_CFG_FILE_DIR`
  static var directory: UInt16 { 0x0019 }
  /// The size of a name in the directory, in bytes.
  static var nameByteCount: Int { 56 }
  /// `FW_CFG_DMA_CTL_READ`
  static var dmaRead: UInt32 { 2 }
  /// `FW_CFG_DMA_CTL_ERROR`
  static var dmaError: UInt32 { 1 }
}
