// SPDX-License-Identifier: BSD-3-Clause

import Machine
import Testing
import Virtio

@testable import VirtioConsole

@Suite("Virtio console")
struct VirtioConsoleTests {
  final class Listener: ConsolePortObserver {
    var count = 0
    func consolePortChanged(_ port: ConsolePort) { count += 1 }
  }

  private func make(
    _ device: SimulatedConsole, outputPageLimit: Int = 16, inputPageCount: Int = 4
  ) throws -> VirtioConsole {
    let transport = try #require(try device.makeTransport())
    return try VirtioConsole(
      transport,
      ports: [.init(1, .input), .init(2, .output), .init(3, .output)],
      outputPageLimit: outputPageLimit, inputPageCount: inputPageCount)
  }

  private func write(_ bytes: [UInt8], to port: ConsolePort) -> Int {
    port.write(RawSpan(_elements: bytes.span))
  }

  private func read(_ port: ConsolePort, atMost count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    var span = bytes.mutableSpan
    var target = MutableRawSpan(_elements: &span)
    let got = port.read(into: &target)
    return Array(bytes.prefix(got))
  }

  @Test("the handshake opens the ports", arguments: [false, true])
  func handshake(isAsynchronous: Bool) throws {
    let device = SimulatedConsole()
    device.isAsynchronous = isAsynchronous
    let console = try make(device)
    for _ in 0..<4 {
      device.run()
      console.handleInterrupt()
    }
    #expect(device.control.first == [0xffff, 0, 1], "DEVICE_READY with the id of no port")
    for port in 1...3 {
      let own = device.control.filter { $0[0] == port }
      #expect(own == [[port, 3, 1], [port, 6, 1]], "PORT_READY, then PORT_OPEN")
      #expect(console.port(port)?.isPresent == true)
      #expect(console.port(port)?.isHostOpen == true)
    }
    #expect(console.port(4) == nil)
    #expect(Set(device.rings.keys) == [2, 3, 4, 7, 9], "only the queues that are used")
    #expect(device.interruptStatus == 0)
  }

  @Test("bringing up takes few register accesses and notifications")
  func cost() throws {
    let device = SimulatedConsole()
    _ = try make(device)
    #expect(device.registerAccesses < 120)
    #expect(device.notifications.count <= 6)
  }

  @Test("output goes out at once and without interrupts", arguments: [false, true])
  func output(usesEventIndex: Bool) throws {
    let device = SimulatedConsole(features: usesEventIndex ? 1 << 1 | 1 << 29 : 1 << 1)
    let console = try make(device)
    console.handleInterrupt()
    let interrupts = device.interruptCount
    let out = try #require(console.port(2))
    let err = try #require(console.port(3))
    for round in 0..<100 {
      #expect(write([UInt8(round), 1], to: out) == 2)
      #expect(device.output[2]?.count == 2 * round + 2)
      #expect(write([UInt8(round)], to: err) == 1)
    }
    let large = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    #expect(write(large, to: out) == large.count, "the device keeps up")
    #expect(Array(device.output[2]!.dropFirst(200)) == large)
    #expect(device.output[3]! == (0..<100).map { UInt8($0) })
    #expect(device.interruptCount == interrupts)
    #expect(out.isDrained)
    #expect(write([], to: out) == 0)
  }

  @Test("what is written before the port is announced waits for it")
  func earlyOutput() throws {
    let device = SimulatedConsole()
    device.isAsynchronous = true
    let console = try make(device)
    let out = try #require(console.port(2))
    #expect(write(Array("ear".utf8), to: out) == 3)
    #expect(write(Array("ly".utf8), to: out) == 2)
    #expect(!device.notifications.contains(7))
    #expect(!out.isDrained)
    for _ in 0..<4 {
      device.run()
      console.handleInterrupt()
    }
    #expect(device.output[2] == Array("early".utf8))
    #expect(out.isDrained)
  }

  @Test("a slow host holds the writer up, and small writes gather", arguments: [false, true])
  func slowHost(usesEventIndex: Bool) throws {
    let device = SimulatedConsole(features: usesEventIndex ? 1 << 1 | 1 << 29 : 1 << 1)
    let console = try make(device, outputPageLimit: 4)
    console.handleInterrupt()
    let out = try #require(console.port(2))
    let listener = Listener()
    out.observer = listener
    device.throttled = [2]
    var sent: [UInt8] = []
    while out.canWrite {
      let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: sent.count), count: 100)
      let taken = write(piece, to: out)
      sent += piece.prefix(taken)
      if taken < piece.count { break }
    }
    // One page left with the first write; the others filled up.
    #expect(sent.count == 100 + 3 * 4096)
    #expect(!out.canWrite)
    #expect(write([1], to: out) == 0)
    #expect(device.interruptStatus == 0)
    device.throttled = []
    device.run()
    #expect(device.interruptStatus == 1, "the waiting writer gets an interrupt")
    console.handleInterrupt()
    #expect(listener.count == 1)
    #expect(out.canWrite && out.isDrained)
    #expect(device.output[2] == sent)
  }

  @Test("what gathered goes out with the next interrupt, or by flush", arguments: [false, true])
  func gathered(byFlush: Bool) throws {
    let device = SimulatedConsole()
    let console = try make(device)
    let out = try #require(console.port(2))
    device.throttled = [2]
    #expect(write([1], to: out) == 1)
    #expect(write([2], to: out) == 1)
    #expect(write([3], to: out) == 1)
    if byFlush { out.flush() }
    device.throttled = []
    device.run()
    #expect(device.output[2] == (byFlush ? [1, 2, 3] : [1]))
    #expect(device.interruptStatus == 1)
    console.handleInterrupt()
    #expect(device.output[2] == [1, 2, 3])
    #expect(out.isDrained)
  }

  @Test("waiting for the end of the output")
  func drain() throws {
    let device = SimulatedConsole()
    device.isAsynchronous = true
    let console = try make(device)
    for _ in 0..<4 {
      device.run()
      console.handleInterrupt()
    }
    let out = try #require(console.port(2))
    let listener = Listener()
    out.observer = listener
    #expect(write([1, 2], to: out) == 2)
    #expect(write([3], to: out) == 1)
    #expect(!out.isDrained)
    var rounds = 0
    while !out.isDrained, rounds < 10 {
      device.run()
      console.handleInterrupt()
      rounds += 1
    }
    #expect(device.output[2] == [1, 2, 3])
    #expect(listener.count > 0)
  }

  @Test("input arrives whole and ends when the host closes", arguments: [1, 3, 4096, 5000])
  func input(readSize: Int) throws {
    let device = SimulatedConsole()
    let console = try make(device)
    console.handleInterrupt()
    let port = try #require(console.port(1))
    let listener = Listener()
    port.observer = listener
    #expect(!port.hasInput && !port.isAtEnd)
    let sent = (0..<(readSize < 10 ? 10_000 : 40_000)).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    device.input[1] = sent
    device.run()
    #expect(device.interruptStatus == 1)
    console.handleInterrupt()
    #expect(listener.count == 1)
    var got: [UInt8] = []
    while port.hasInput, got.count <= sent.count {
      got += read(port, atMost: readSize)
    }
    #expect(got == sent)
    #expect(!port.isAtEnd)
    device.input[1] = [42]
    device.run()
    device.close(1)
    device.run()
    console.handleInterrupt()
    #expect(!port.isAtEnd, "one byte is left")
    #expect(read(port, atMost: 10) == [42])
    #expect(port.isAtEnd)
    #expect(read(port, atMost: 10) == [])
  }

  @Test("no pages wait for input before a reader comes")
  func lazyInput() throws {
    let device = SimulatedConsole()
    let console = try make(device)
    let port = try #require(console.port(1))
    #expect(device.rings[4]!.isEmpty)
    #expect(!port.hasInput)
    #expect(!device.rings[4]!.isEmpty)
  }

  @Test("a reader that found nothing is told of the next byte", arguments: [false, true])
  func interruptForInput(usesEventIndex: Bool) throws {
    let device = SimulatedConsole(features: usesEventIndex ? 1 << 1 | 1 << 29 : 1 << 1)
    let console = try make(device)
    let port = try #require(console.port(1))
    for round in 0..<50 {
      #expect(!port.hasInput)
      device.input[1] = [UInt8(round)]
      device.run()
      #expect(device.interruptStatus == 1)
      console.handleInterrupt()
      #expect(read(port, atMost: 5) == [UInt8(round)])
    }
  }

  @Test("an unfit device is refused")
  func refused() throws {
    func error(_ change: (SimulatedConsole) -> Void) -> VirtioError? {
      let device = SimulatedConsole()
      change(device)
      do {
        _ = try make(device)
        return nil
      } catch {
        return error as? VirtioError
      }
    }
    #expect(error { _ in } == nil)
    #expect(error { $0.features &= ~(1 << 1) } == .featuresRefused)
    #expect(error { $0.features &= ~(1 << 32) } == .notModern)
    #expect(error { $0.features |= 1 << 33 } == .featuresRefused)
    #expect(error { $0.refusesFeatures = true } == .featuresRefused)
    #expect(error { $0.refusesQueues = true } == .queueUnavailable)
    #expect(error { $0.maximumQueueSize = 0 } == .queueUnavailable)
    #expect(error { $0.configuration[4] = 3 } == .queueUnavailable)
    #expect(
      error {
        $0.status = 1
        $0.refusesReset = true
      } == .resetRefused)
    #expect(error { $0.version = 1 } == .notModern)
    #expect(error { $0.magic = 0 } == .badRegisters)
  }

  @Test("small queues work as well", arguments: [1, 2, 4])
  func smallQueues(size: Int) throws {
    let device = SimulatedConsole()
    device.maximumQueueSize = size
    let console = try make(device)
    for _ in 0..<40 { console.handleInterrupt() }
    #expect(console.ports.allSatisfy { $0.isPresent && $0.isHostOpen })
    #expect(device.guestOpen == [1, 2, 3])
    let out = try #require(console.port(2))
    let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(write(bytes, to: out) == bytes.count)
    #expect(device.output[2] == bytes)
    let port = try #require(console.port(1))
    device.input[1] = bytes
    var got: [UInt8] = []
    while port.hasInput, got.count <= bytes.count { got += read(port, atMost: 10_000) }
    #expect(got == bytes)
  }

  @Test("when the device fails everybody is told, input ends and output goes nowhere")
  func failure() throws {
    let device = SimulatedConsole()
    let console = try make(device)
    console.handleInterrupt()
    let listener = Listener()
    for port in console.ports { port.observer = listener }
    let port = try #require(console.port(1))
    #expect(!port.hasInput)
    device.push(7, 999, writtenByteCount: 0)
    #expect(write([1], to: try #require(console.port(2))) == 1)
    #expect(console.device.state == .failed)
    #expect(listener.count == 3)
    #expect(port.isAtEnd && port.isBroken)
    #expect(try #require(console.port(3)).canWrite)
    #expect(write([1], to: try #require(console.port(3))) == 1)
    #expect(device.rings.isEmpty, "the device was reset")
    console.handleInterrupt()
  }

  @Test("DEVICE_NEEDS_RESET is a failure")
  func needsReset() throws {
    let device = SimulatedConsole()
    let console = try make(device)
    device.status |= 64
    device.interruptStatus |= 2
    console.handleInterrupt()
    #expect(console.device.state == .failed)
  }

  @Test("a device that returns empty pages for ever does not hold the reader up")
  func emptyPages() throws {
    let device = SimulatedConsole()
    let console = try make(device)
    let port = try #require(console.port(1))
    #expect(!port.hasInput)
    for _ in 0..<3 {
      while let chain = device.rings[4]!.pop() { device.push(4, chain.head, writtenByteCount: 0) }
      #expect(!port.hasInput)
    }
  }

  @Test("wild control messages and rings never trap the driver", arguments: 0..<60)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let device = SimulatedConsole(features: seed % 2 == 0 ? 1 << 1 | 1 << 29 : 1 << 1)
    device.isAsynchronous = seed % 3 == 0
    let console = try make(device, outputPageLimit: Int.random(in: 1...16, using: &random))
    for _ in 0..<1500 {
      let port = console.ports.randomElement(using: &random)!
      switch Int.random(in: 0...9, using: &random) {
      case 0, 1:
        let bytes = [UInt8](repeating: 7, count: Int.random(in: 0...9000, using: &random))
        #expect(write(bytes, to: port) <= bytes.count)
      case 2, 3: _ = read(port, atMost: Int.random(in: 0...5000, using: &random))
      case 4:
        device.post(
          port: Int.random(in: 0...5, using: &random), event: Int.random(in: 0...9, using: &random),
          value: Int.random(in: 0...2, using: &random))
      case 5: device.input[1] = [UInt8](repeating: 1, count: 6000)
      case 6: device.throttled = Bool.random(using: &random) ? [2] : []
      case 7 where seed >= 20 && Int.random(in: 0...50, using: &random) == 0:
        // Anything anywhere in the rings and the control buffers.
        guard let base = device.rings[2]?.addresses.descriptors.rawValue else { break }
        SimulatedBus.storeMemory(
          UInt64.random(in: 0...255, using: &random),
          at: base + UInt.random(in: 0..<4096, using: &random), byteCount: 1)
      case 8:
        port.flush()
        _ = port.isDrained
        _ = port.canWrite
        _ = port.isAtEnd
      default:
        device.run()
        console.handleInterrupt()
      }
      if console.device.state == .failed { break }
    }
  }
}
