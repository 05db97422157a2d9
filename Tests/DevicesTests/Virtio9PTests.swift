// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Testing
import Virtio

@testable import Virtio9P

/// A virtio 9P device (virtio 1.2 section 5.9); the test is the server.
final class Simulated9P: SimulatedVirtioMMIO, @unchecked Sendable {
  /// The bytes of each request, and how its chain was divided.
  var requests: [[UInt8]] = []
  var chains: [[DeviceSideQueue.Part]] = []
  /// What is answered: the bytes, and the length that is claimed if it is another.
  var answer: ([UInt8]) -> (bytes: [UInt8], claimed: UInt32?) = { request in
    ([11, 0, 0, 0, request[4] + 1, request[5], request[6], 4, 0, 0, 0], nil)
  }
  var isAsynchronous = false
  /// When set, chains are given back under this name.
  var wrongName: UInt32?

  init(tag: String = "share", features: UInt64 = 1 | 1 << 29) {
    let bytes = Array(tag.utf8)
    super.init(
      kind: 9, features: features, queueCount: 1,
      configuration: [UInt8(bytes.count), 0] + bytes)
  }

  func makeDriver(bufferByteCount: Int = 16384) throws -> Virtio9P {
    try Virtio9P(
      #require(try makeTransport()), bufferByteCount: bufferByteCount, bufferCount: 1)
  }

  override func queueNotified(_ queue: Int) {
    if !isAsynchronous { run() }
  }

  func run() {
    guard status & 4 != 0 else { return }
    while let chain = rings[0]?.pop() {
      let request = rings[0]!.readableBytes(of: chain)
      requests.append(request)
      chains.append(chain.parts)
      let (bytes, claimed) = answer(request)
      let count = rings[0]!.write(bytes, to: chain)
      push(0, wrongName ?? chain.head, writtenByteCount: claimed ?? UInt32(count))
    }
  }
}

@Suite struct Virtio9PTests {
  private static func request(_ exchange: NinePExchange, _ body: [UInt8] = []) {
    exchange.request =
      [UInt8(7 + body.count), 0, 0, 0, 100, UInt8(exchange.tag & 255), UInt8(exchange.tag >> 8)]
      + body
  }

  @Test func tellsItsTagAndCarriesMessages() throws {
    let device = Simulated9P(tag: "volume0")
    let driver = try device.makeDriver()
    #expect(driver.mountTag == Array("volume0".utf8))
    let exchange = try driver.take(hasData: false, .blocks)
    Self.request(exchange, [1, 2, 3])
    try driver.perform(exchange, sending: 0, receiving: 0, .blocks)
    #expect(device.requests == [[10, 0, 0, 0, 100, 0, 0, 1, 2, 3]])
    #expect(exchange.replyByteCount == 11)
    #expect(Array(exchange.reply.prefix(5)) == [11, 0, 0, 0, 101])
    driver.release(exchange)
    #expect(try driver.take(hasData: false, .blocks) === exchange, "it is used again")
  }

  @Test func contentsGoBesideTheMessages() throws {
    let device = Simulated9P()
    let driver = try device.makeDriver()
    let exchange = try driver.take(hasData: true, .blocks)
    let data = try #require(exchange.data)
    data.write(RawSpan(_elements: ([5, 6, 7] as [UInt8]).span), at: 0)
    Self.request(exchange)
    try driver.perform(exchange, sending: 3, receiving: 0, .blocks)
    #expect(device.requests[0].suffix(3) == [5, 6, 7])
    device.answer = { _ in ([14, 0, 0, 0, 117, 0x80, 0, 3, 0, 0, 0, 9, 8, 7], nil) }
    try driver.perform(exchange, sending: 0, receiving: 100, .blocks)
    #expect(exchange.replyByteCount == 11 && exchange.receivedByteCount == 3)
    #expect(data.load32(at: 0) & 0xffffff == 0x070809)
    #expect(device.chains[1].map(\.byteCount) == [7, 11, 100])
    #expect(device.chains[1].map(\.isWritable) == [false, true, true])
  }

  @Test func manyAreUnderWayAtOnce() throws {
    let device = Simulated9P()
    let driver = try device.makeDriver()
    final class Listener: NinePExchangeObserver {
      var tags: [UInt16] = []
      func exchangeDidFinish(_ exchange: NinePExchange) { tags.append(exchange.tag) }
    }
    let listener = Listener()
    var exchanges: [NinePExchange] = []
    for _ in 0..<16 { exchanges.append(try driver.take(hasData: false, .blocks)) }
    device.isAsynchronous = true
    for exchange in exchanges {
      Self.request(exchange)
      exchange.observer = listener
      driver.post(exchange)
    }
    #expect(driver.takeAtOnce() == nil)
    device.run()
    driver.processInterrupt()
    #expect(listener.tags == Array(0..<16))
    #expect(driver.takeAtOnce() != nil, "posted exchanges release themselves")
    #expect(device.interruptStatus == 0)
  }

  @Test func callersThatPollHaveAReserve() throws {
    let device = Simulated9P()
    let driver = try device.makeDriver()
    let held = try driver.take(hasData: true, .blocks)
    let reserve = try driver.take(hasData: true, .polls)
    #expect(reserve !== held && reserve.data != nil && reserve.tag != held.tag)
    Self.request(reserve)
    try driver.perform(reserve, sending: 0, receiving: 4096, .polls)
    driver.release(reserve)
    #expect(try driver.take(hasData: true, .polls) === reserve)
  }

  @Test func devicesWithoutATagAreRefused() throws {
    #expect(throws: VirtioError.featuresRefused) { try Simulated9P(features: 0).makeDriver() }
    #expect(throws: VirtioError.broken) { try Simulated9P(tag: "").makeDriver() }
    let long = Simulated9P(tag: "abc")
    long.configuration[0] = 255
    long.configuration[1] = 255
    let tag = try long.makeDriver().mountTag
    #expect(tag.count <= 255)
  }

  @Test func lengthsThatCannotBeEndTheDevice() throws {
    for receiving in [0, 4096] {
      let device = Simulated9P()
      let driver = try device.makeDriver()
      let exchange = try driver.take(hasData: true, .blocks)
      Self.request(exchange)
      device.answer = { _ in ([11, 0, 0, 0], 1 << 20) }
      #expect(throws: SystemError.inputOutput) {
        try driver.perform(exchange, sending: 0, receiving: receiving, .blocks)
      }
      #expect(driver.device.state == .failed)
      #expect(throws: SystemError.inputOutput) { try driver.take(hasData: false, .blocks) }
      #expect(driver.takeAtOnce() == nil)
    }
  }

  @Test func namesOfNoChainEndTheDevice() throws {
    let device = Simulated9P()
    let driver = try device.makeDriver()
    let exchange = try driver.take(hasData: false, .blocks)
    Self.request(exchange)
    device.wrongName = 77
    #expect(throws: SystemError.inputOutput) {
      try driver.perform(exchange, sending: 0, receiving: 0, .blocks)
    }
    #expect(driver.device.state == .failed)
  }

  @Test func shortRepliesAreShort() throws {
    let device = Simulated9P()
    let driver = try device.makeDriver()
    let exchange = try driver.take(hasData: true, .blocks)
    Self.request(exchange)
    device.answer = { _ in ([1, 2, 3], nil) }
    try driver.perform(exchange, sending: 0, receiving: 4096, .blocks)
    #expect(exchange.replyByteCount == 3 && exchange.receivedByteCount == 0)
  }

  @Test func aDeviceThatNeedsAResetFailsAllWhoWait() throws {
    let device = Simulated9P()
    let driver = try device.makeDriver()
    final class Listener: NinePExchangeObserver {
      var count = 0
      func exchangeDidFinish(_ exchange: NinePExchange) { count += 1 }
    }
    let listener = Listener()
    let exchange = try driver.take(hasData: false, .blocks)
    Self.request(exchange)
    device.isAsynchronous = true
    exchange.observer = listener
    driver.post(exchange)
    device.status |= 0x40
    device.interruptStatus = 2
    driver.processInterrupt()
    #expect(listener.count == 1 && driver.device.state == .failed)
  }
}
