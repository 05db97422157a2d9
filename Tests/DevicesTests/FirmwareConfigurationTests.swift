// SPDX-License-Identifier: BSD-3-Clause

import FirmwareConfiguration
import Machine
import Synchronization
import Testing

/// QEMU's firmware configuration device, from its specification (docs/specs/fw_cfg).
final class SimulatedFirmware: SimulatedDevice, @unchecked Sendable {
  static let nextPort = Mutex<UInt16>(0x2000)
  let firstPort: UInt16
  var signature = Array("QEMU".utf8)
  var hasDMA = true
  var failsDMA = false
  var count: UInt32?
  var files: [(name: String, bytes: [UInt8], size: UInt32?)] = []
  var dmaCount = 0
  private var selected: [UInt8] = []
  private var position = 0
  private var addressHigh: UInt64 = 0

  override init() {
    firstPort = Self.nextPort.withLock {
      $0 += 16
      return $0
    }
    super.init()
    SimulatedBus.attach(self, firstPort: firstPort, count: 12)
  }

  private func bigEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
  }

  private var directory: [UInt8] {
    var bytes = bigEndian(count ?? UInt32(files.count))
    for (index, file) in files.enumerated() {
      bytes += bigEndian(file.size ?? UInt32(file.bytes.count))
      bytes += bigEndian(UInt32(0x20 + index) << 16)
      let name = Array(file.name.utf8.prefix(56))
      bytes += name + [UInt8](repeating: 0, count: 56 - name.count)
    }
    return bytes
  }

  override func load(at offset: Int, byteCount: Int) -> UInt64 {
    guard offset == 1, byteCount == 1, position < selected.count else { return 0 }
    position += 1
    return UInt64(selected[position - 1])
  }

  override func store(_ value: UInt64, at offset: Int, byteCount: Int) {
    switch offset {
    case 0:
      position = 0
      switch value {
      case 0: selected = signature
      case 1: selected = [hasDMA ? 3 : 1, 0, 0, 0]
      case 0x19: selected = directory
      default:
        let index = Int(value) - 0x20
        selected = files.indices.contains(index) ? files[index].bytes : []
      }
    case 4: addressHigh = UInt64(UInt32(value).byteSwapped)
    case 8: transfer(UInt(addressHigh << 32 | UInt64(UInt32(value).byteSwapped)))
    default: break
    }
  }

  private func transfer(_ command: UInt) {
    dmaCount += 1
    func load(_ offset: UInt, _ size: Int) -> UInt64 {
      SimulatedBus.loadMemory(at: command + offset, byteCount: size) ?? 0
    }
    let control = UInt32(load(0, 4)).byteSwapped
    let length = Int(UInt32(load(4, 4)).byteSwapped)
    let target = UInt(load(8, 8).byteSwapped)
    if failsDMA || control != 2 {
      SimulatedBus.storeMemory(UInt64(UInt32(1).byteSwapped), at: command, byteCount: 4)
      return
    }
    for index in 0..<length {
      let byte = position < selected.count ? selected[position] : 0
      position += 1
      SimulatedBus.storeMemory(UInt64(byte), at: target + UInt(index), byteCount: 1)
    }
    SimulatedBus.storeMemory(0, at: command, byteCount: 4)
  }
}

@Suite("Firmware configuration")
struct FirmwareConfigurationTests {
  private let large = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 11) }

  private func make() -> SimulatedFirmware {
    let device = SimulatedFirmware()
    device.files = [
      ("etc/e820", [9], nil), ("opt/martlet/launch.old", [1], nil),
      ("opt/martlet/launch", large, nil), ("opt/martlet", [2], nil), ("empty", [], nil),
    ]
    return device
  }

  private func read(
    _ name: StaticString, _ device: SimulatedFirmware, limit: Int = 1 << 20
  ) throws -> [UInt8] {
    try #require(FirmwareConfiguration(firstPort: device.firstPort)).file(
      named: name, limit: limit)
  }

  @Test("a file is found by its whole name and read whole", arguments: [false, true])
  func file(hasDMA: Bool) throws {
    let device = make()
    device.hasDMA = hasDMA
    #expect(try read("opt/martlet/launch", device) == large)
    #expect(try read("opt/martlet", device) == [2])
    #expect(try read("empty", device) == [])
    #expect(device.dmaCount == (hasDMA ? 1 : 0))
  }

  @Test("what cannot be read is an error")
  func errors() throws {
    let device = make()
    #expect(throws: FirmwareConfiguration.Failure.noSuchFile) { try read("opt", device) }
    #expect(throws: FirmwareConfiguration.Failure.tooLarge) {
      try read("opt/martlet/launch", device, limit: 19_999)
    }
    device.failsDMA = true
    #expect(throws: FirmwareConfiguration.Failure.deviceError) {
      try read("opt/martlet/launch", device)
    }
    device.files = [("huge", [], .max)]
    #expect(throws: FirmwareConfiguration.Failure.tooLarge) { try read("huge", device) }
  }

  @Test("a directory without end is left")
  func endlessDirectory() {
    let device = make()
    device.count = .max
    #expect(throws: FirmwareConfiguration.Failure.noSuchFile) { try read("none", device) }
  }

  @Test("where there is no device there is none")
  func absent() {
    #expect(FirmwareConfiguration(firstPort: 0x1000) == nil)
    let device = make()
    device.signature = Array("QEMX".utf8)
    #expect(FirmwareConfiguration(firstPort: device.firstPort) == nil)
  }
}
