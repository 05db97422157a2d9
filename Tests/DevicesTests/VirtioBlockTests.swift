// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Testing
import Virtio

@testable import VirtioBlock

@Suite struct VirtioBlockTests {
  private func read(
    _ driver: VirtioBlock, _ sector: Int, _ byteCount: Int
  ) throws(BlockError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: byteCount)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    try driver.read(sector: sector, into: &span)
    return bytes
  }

  private func write(
    _ driver: VirtioBlock, _ sector: Int, _ bytes: [UInt8]
  ) throws(BlockError) {
    try driver.write(sector: sector, RawSpan(_elements: bytes.span))
  }

  @Test func tellsWhatItIs() throws {
    let device = SimulatedBlock(sectorCount: 1024, blockSize: 4096)
    let driver = try device.makeDriver()
    #expect(driver.configuration.sectorCount == 1024)
    #expect(driver.configuration.blockByteCount == 4096)
    #expect(!driver.isReadOnly && driver.hasFlush)
    #expect(try driver.identifier() == Array("disk0".utf8))
    device.serial = "a name that fills all 20 bytes"
    #expect(try driver.identifier() == Array("a name that fills al".utf8))
    #expect(device.interruptStatus == 0 || device.interruptStatus == 1)
    let plain = try SimulatedBlock(features: 0).makeDriver()
    #expect(plain.configuration.blockByteCount == 512 && !plain.hasFlush)
    try plain.flush()
    #expect(throws: BlockError.notSupported) { try plain.discard(sector: 0, byteCount: 512) }
    #expect(throws: BlockError.notSupported) { try plain.writeZeroes(sector: 0, byteCount: 512) }
  }

  @Test(arguments: [0, 1 << 29, SimulatedBlock.allFeatures, SimulatedBlock.allFeatures | 1 << 34])
  func readsAndWritesWhereItShould(features: UInt64) throws {
    let device = SimulatedBlock(features: features)
    let driver = try device.makeDriver()
    var model = device.contents
    var generator = SeededGenerator(seed: features)
    for _ in 0..<200 {
      let sector = Int.random(in: 0..<1024, using: &generator)
      let count = Int.random(in: 0...min(400, 1024 - sector), using: &generator)
      let range = sector * 512..<(sector + count) * 512
      if Bool.random(using: &generator) {
        #expect(try read(driver, sector, count * 512) == Array(model[range]))
      } else {
        let bytes = range.map { _ in UInt8.random(in: 0...255, using: &generator) }
        try write(driver, sector, bytes)
        model.replaceSubrange(range, with: bytes)
      }
    }
    #expect(device.contents == model)
    #expect(driver.device.state == .running)
  }

  @Test func largeTransfersAreSeveralRequestsAtOnce() throws {
    let device = SimulatedBlock(features: SimulatedBlock.allFeatures & ~(1 << 1))
    let driver = try device.makeDriver()
    device.answersBackwards = true
    let all = device.contents
    #expect(try read(driver, 0, all.count) == all)
    #expect(device.mostAtOnce == 8 && device.requests.allSatisfy { $0.byteCount == 65536 })
    try write(driver, 0, Array(all.reversed()))
    #expect(device.contents == Array(all.reversed()))
  }

  @Test func piecesAreNoLargerThanTheDeviceTakes() throws {
    let device = SimulatedBlock()
    device.set(5000, at: 8, 4)
    let driver = try device.makeDriver()
    _ = try read(driver, 0, 20 * 512)
    #expect(device.requests.map(\.byteCount) == [4608, 4608, 1024])
    #expect(device.requests.map(\.sector) == [0, 9, 18])
  }

  @Test func whatCannotBeIsNotAsked() throws {
    let device = SimulatedBlock(blockSize: 1024)
    let driver = try device.makeDriver()
    for (sector, count) in [(1024, 2), (1022, 4), (-2, 2), (Int.max - 1, 2), (0, 1026)] {
      #expect(throws: BlockError.outOfRange) { try read(driver, sector, count * 512) }
      #expect(throws: BlockError.outOfRange) {
        try write(driver, sector, [UInt8](repeating: 0, count: count * 512))
      }
      #expect(throws: BlockError.outOfRange) {
        try driver.discard(sector: sector, byteCount: count * 512)
      }
    }
    for (sector, byteCount) in [(0, 512), (1, 1024), (0, 1025)] {
      #expect(throws: BlockError.unaligned) { try read(driver, sector, byteCount) }
    }
    _ = try read(driver, 1022, 1024)
    _ = try read(driver, 1024, 0)
    #expect(device.requests.count == 1)
  }

  @Test func aDeviceForReadingTakesNoWrites() throws {
    let device = SimulatedBlock(features: SimulatedBlock.allFeatures | 1 << 5)
    let driver = try device.makeDriver()
    #expect(driver.isReadOnly)
    #expect(throws: BlockError.readOnly) {
      try write(driver, 0, [UInt8](repeating: 0, count: 512))
    }
    #expect(throws: BlockError.readOnly) { try driver.discard(sector: 0, byteCount: 512) }
    #expect(throws: BlockError.readOnly) { try driver.writeZeroes(sector: 0, byteCount: 512) }
    #expect(device.requests.isEmpty)
    #expect(try read(driver, 0, 512) == Array(device.contents.prefix(512)))
  }

  @Test func flushesDiscardsAndZeroes() throws {
    let device = SimulatedBlock()
    let driver = try device.makeDriver()
    try driver.flush()
    try driver.discard(sector: 10, byteCount: 512)
    try driver.writeZeroes(sector: 100, byteCount: 150 * 512)
    #expect(
      device.requests == [
        .init(kind: 4, sector: 0, byteCount: 0), .init(kind: 11, sector: 10, byteCount: 512),
        .init(kind: 13, sector: 100, byteCount: 64 * 512),
        .init(kind: 13, sector: 164, byteCount: 64 * 512),
        .init(kind: 13, sector: 228, byteCount: 22 * 512),
      ])
    #expect(try read(driver, 100, 150 * 512).allSatisfy { $0 == 0 })
    #expect(try read(driver, 250, 512) != [UInt8](repeating: 0, count: 512))
  }

  @Test func errorsAreToldAndTheDeviceGoesOn() throws {
    let device = SimulatedBlock()
    let driver = try device.makeDriver()
    device.code = { $0 == 2 ? 1 : 0 }
    #expect(throws: BlockError.inputOutput) { try read(driver, 0, device.contents.count) }
    device.code = { _ in 2 }
    #expect(throws: BlockError.notSupported) { try driver.flush() }
    device.code = { _ in 0 }
    #expect(try read(driver, 3, 512) == Array(device.contents[3 * 512..<4 * 512]))
    // All requests came back, so that as many as ever can be on their way.
    device.mostAtOnce = 0
    _ = try read(driver, 0, device.contents.count)
    #expect(device.mostAtOnce == 8)
  }

  @Test(arguments: [3, 0xff, nil] as [UInt8?])
  func statusesThatCannotBeEndTheDevice(code: UInt8?) throws {
    let device = SimulatedBlock()
    let driver = try device.makeDriver()
    device.code = { _ in code }
    #expect(throws: BlockError.broken) { try write(driver, 0, [UInt8](repeating: 1, count: 512)) }
    #expect(driver.device.state == .failed)
    #expect(throws: BlockError.broken) { try read(driver, 0, 512) }
    #expect(throws: BlockError.broken) { try driver.flush() }
  }

  @Test(arguments: [0, 1, 512, 514, 1 << 31] as [UInt32])
  func lengthsThatCannotBeEndTheDevice(claimed: UInt32) throws {
    let device = SimulatedBlock()
    let driver = try device.makeDriver()
    device.claimed = claimed
    #expect(throws: BlockError.broken) { try read(driver, 0, 512) }
    #expect(driver.device.state == .failed)
  }

  @Test func aDeviceThatFailsFailsAllThatIsOnItsWay() throws {
    let device = SimulatedBlock()
    let driver = try device.makeDriver()
    device.code = { $0 == 1 ? 9 : 0 }
    #expect(throws: BlockError.broken) { try read(driver, 0, device.contents.count) }
    #expect(driver.device.state == .failed && device.status & 128 != 0)
  }

  @Test func sizesThatCannotBeAreRefused() throws {
    func refused(_ change: (SimulatedBlock) -> Void) {
      let device = SimulatedBlock()
      change(device)
      #expect(throws: VirtioError.broken) { try device.makeDriver() }
    }
    refused { $0.set(.max, at: 0, 8) }
    for size: UInt64 in [0, 256, 513, 131_072] { refused { $0.set(size, at: 20, 4) } }
    refused { $0.set(511, at: 8, 4) }
  }

  @Test func aDeviceMayGrow() throws {
    let device = SimulatedBlock()
    let driver = try device.makeDriver()
    device.set(2048, at: 0, 8)
    device.interruptStatus = 2
    driver.processInterrupt()
    #expect(driver.configuration.sectorCount == 2048)
  }
}
