// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import PCI
import Testing
import Virtio
import VirtioConsole
import VirtioPCI

@Suite("PCI and virtio over PCI")
struct PCITests {
  private func list(_ pci: SimulatedPCI) -> Set<PCIFunction> {
    var found: Set<PCIFunction> = []
    PCIBus.forEachDevice(in: pci) {
      #expect(found.insert($0.function).inserted, "each function once")
      return true
    }
    return found
  }

  @Test("functions and buses behind bridges are found, however the bridges point")
  func scan() {
    let pci = SimulatedPCI()
    var expected: Set<PCIFunction> = [pci.add(0), pci.add(31)]
    expected.insert(pci.add(3, 0, header: 0x80))
    expected.insert(pci.add(3, 5))
    pci.add(4, 2)  // Not multi-function: its function 2 is an echo.
    expected.insert(pci.add(4, 0))
    for (place, bus) in [(UInt8(5), UInt32(7)), (6, 7), (8, 0)] {
      let bridge = pci.add(place, header: 1)
      pci.set(bridge, at: 0x18, [bus << 8])
      expected.insert(bridge)
    }
    expected.insert(pci.add(bus: 7, 9))
    let back = pci.add(bus: 7, 10, header: 1)
    pci.set(back, at: 0x18, [7 << 8])
    expected.insert(back)
    #expect(list(pci) == expected)
    #expect(list(SimulatedPCI()).isEmpty)
  }

  @Test("looking stops when the caller has what it wants")
  func stop() {
    let pci = SimulatedPCI()
    for place in 0..<UInt8(32) { pci.add(place) }
    var count = 0
    PCIBus.forEachDevice(in: pci) { _ in
      count += 1
      return count < 3
    }
    #expect(count == 3)
  }

  @Test("a window's size is measured and everything is put back", arguments: [16, 4096, 1 << 33])
  func window(byteCount: UInt64) throws {
    let pci = SimulatedPCI()
    let function = pci.add(1)
    pci.set(function, at: 4, [0x0010_0007])
    pci.setWindow(2, of: function, address: byteCount << 4, byteCount: byteCount)
    let before = pci.functions[function]!.words
    let device = try #require(PCIDevice(function, in: pci))
    let window = try #require(device.memoryWindow(2))
    #expect(window.address.rawValue == UInt(byteCount << 4))
    #expect(window.byteCount == Int(byteCount))
    #expect(pci.functions[function]!.words == before)
    #expect(device.memoryWindow(0) == nil && device.memoryWindow(6) == nil)
  }

  @Test("windows without an address, or for ports, are none")
  func noWindow() throws {
    let pci = SimulatedPCI()
    let function = pci.add(1)
    pci.setWindow(0, of: function, address: 0, byteCount: 4096)
    pci.setWindow(2, of: function, address: 0xffff_ffff_ffff_f000, byteCount: 4096)
    pci.set(function, at: 0x20, [0xc001])
    let device = try #require(PCIDevice(function, in: pci))
    for index in [0, 2, 4, 5, -1] { #expect(device.memoryWindow(index) == nil) }
  }

  @Test("a capability list with a loop ends")
  func loop() throws {
    let pci = SimulatedPCI()
    let function = pci.add(1)
    pci.set(function, at: 0x34, [0x40])
    pci.set(function, at: 0x40, [9 | 0x50 << 8])
    pci.set(function, at: 0x50, [5 | 0x40 << 8])
    let device = try #require(PCIDevice(function, in: pci))
    var kinds: [UInt8] = []
    device.forEachCapability { _, kind in
      kinds.append(kind)
      return true
    }
    #expect(kinds.count == 48)
    #expect(Array(kinds.prefix(2)) == [9, 5])
    pci.set(function, at: 0x40, [9 | 0x10 << 8])
    kinds = []
    device.forEachCapability { _, kind in
      kinds.append(kind)
      return true
    }
    #expect(kinds == [9], "no pointer into the header")
  }

  @Test("a console works over PCI")
  func console() throws {
    let model = SimulatedConsole()
    let pci = SimulatedPCI()
    let facade = PCIFacade(model)
    let function = facade.plug(into: pci, place: 2)
    let device = try #require(PCIDevice(function, in: pci))
    let transport = try #require(try VirtioPCITransport(device))
    #expect(transport.deviceKind == 3 && transport.interruptLine == 11)
    #expect(pci.functions[function]!.words[1] & 0x406 == 0x006, "memory and bus master on")
    let console = try VirtioConsole(
      transport, ports: [.init(1, .input), .init(2, .output), .init(3, .output)])
    console.handleInterrupt()
    #expect(model.interruptStatus == 0)
    let out = try #require(console.port(2))
    let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(out.write(RawSpan(_elements: bytes.span)) == bytes.count)
    #expect(model.output[2] == bytes)
    #expect(try #require(console.port(1)).isHostOpen)
  }

  @Test("with MSI-X interrupts are messages, and no status is read")
  func messages() throws {
    let model = SimulatedConsole()
    let pci = SimulatedPCI()
    let facade = PCIFacade(model)
    let function = facade.plug(into: pci, place: 2)
    let table = SimulatedMessageTable(count: 3)
    table.plug(into: pci, function)
    let device = try #require(PCIDevice(function, in: pci))
    let transport = try #require(try VirtioPCITransport(device))
    let interrupts = try #require(transport.connectInterrupts())
    let configuration = try #require(interrupts.configuration)
    #expect(interrupts.queues.rawValue != configuration.rawValue)
    let vectors = [configuration.rawValue, interrupts.queues.rawValue].map { UInt32(32 + $0) }
    let message: [UInt32] = [0xfee0_0000, 0]
    var expected = message
    expected += [vectors[0], 0]
    expected += message
    expected += [vectors[1], 0]
    #expect(Array(table.words.prefix(8)) == expected)
    #expect(table.words[11] == 1, "what is not used is masked")
    #expect(pci.functions[function]!.words[0xe0 / 4] >> 30 == 0b10, "on, not masked")
    #expect(pci.functions[function]!.words[1] & 0x400 != 0, "INTx is off")
    let console = try VirtioConsole(transport, ports: [.init(2, .output)])
    #expect(facade.configurationVector == 0)
    #expect(facade.queueVectors == [2: 1, 3: 1, 7: 1])
    model.interruptStatus = 3
    #expect(transport.acknowledgeInterrupt() == .queue)
    #expect(model.interruptStatus == 3, "not touched")
    #expect(console.device.state == .running)
  }

  @Test("a device that refuses its messages, or has too few or none, is no trap")
  func badMessages() throws {
    struct Setup {
      let pci = SimulatedPCI()
      let facade = PCIFacade(SimulatedConsole())
      let table = SimulatedMessageTable(count: 4)
      let function: PCIFunction

      init() {
        function = facade.plug(into: pci, place: 2)
        table.plug(into: pci, function)
      }
    }
    func transport(_ change: (Setup) -> Void) throws -> VirtioPCITransport? {
      let setup = Setup()
      change(setup)
      return try VirtioPCITransport(#require(PCIDevice(setup.function, in: setup.pci)))
    }
    let refusing = try #require(try transport { $0.facade.refusesVectors = true })
    #expect(refusing.connectInterrupts() != nil)
    #expect(throws: VirtioError.queueUnavailable) {
      try VirtioConsole(refusing, ports: [.init(2, .output)])
    }
    func usesLine(_ change: (Setup) -> Void) throws -> Bool {
      let found = try #require(try transport(change)?.connectInterrupts())
      return found.configuration == nil && found.queues.rawValue == 8 + 11
    }
    #expect(try usesLine { $0.table.plug(into: $0.pci, $0.function, count: 1) }, "too few")
    #expect(try usesLine { $0.table.plug(into: $0.pci, $0.function, count: 2048) }, "long")
    #expect(try usesLine { $0.pci.set($0.function, at: 0xe4, [0xffff_f002]) }, "outside its window")
    #expect(try usesLine { $0.pci.set($0.function, at: 0xe4, [6]) }, "no window")
    #expect(try usesLine { $0.pci.set($0.function, at: 0x34, [0x40]) }, "no table")
  }

  @Test("devices that lie about their registers are refused")
  func refused() throws {
    func error(_ change: (SimulatedPCI, PCIFunction) -> Void) -> VirtioError? {
      let pci = SimulatedPCI()
      let function = PCIFacade(SimulatedConsole()).plug(into: pci, place: 2)
      change(pci, function)
      do {
        guard let device = PCIDevice(function, in: pci) else { return nil }
        _ = try VirtioPCITransport(device)
        return nil
      } catch {
        return error
      }
    }
    #expect(error { _, _ in } == nil)
    #expect(error { $0.set($1, at: 0x34, [0]) } == .notModern)
    #expect(error { $0.set($1, at: 0x48, [0x8000]) } == .badRegisters, "offset outside")
    #expect(error { $0.set($1, at: 0x48, [0xffff_ffff]) } == .badRegisters)
    #expect(error { $0.set($1, at: 0x4c, [55]) } == .badRegisters, "too short")
    #expect(error { $0.set($1, at: 0x4c, [0xffff_ffff]) } == .badRegisters, "too long")
    #expect(error { $0.set($1, at: 0x44, [5]) } == .badRegisters, "not a window")
    #expect(error { $0.set($1, at: 0x44, [6]) } == .notModern, "a reserved window")
  }

  @Test("other functions are no virtio devices")
  func others() throws {
    let pci = SimulatedPCI()
    let other = try #require(PCIDevice(pci.add(1, vendor: 0x8086), in: pci))
    #expect(try VirtioPCITransport(other) == nil)
    let late = try #require(PCIDevice(pci.add(2, product: 0x1080), in: pci))
    #expect(try VirtioPCITransport(late) == nil)
  }

  @Test("any capabilities never trap", arguments: 0..<100)
  func fuzz(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let pci = SimulatedPCI()
    let function = PCIFacade(SimulatedConsole()).plug(into: pci, place: 2)
    for _ in 0..<200 {
      let words = pci.functions[function]!
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let index = Int.random(in: 1..<64, using: &random)
        let bit = UInt32(1) << UInt32.random(in: 0..<32, using: &random)
        pci.functions[function]!.words[index] ^= bit
      }
      guard let device = PCIDevice(function, in: pci) else { continue }
      if let transport = try? VirtioPCITransport(device) {
        let queue = Int.random(in: 0...20, using: &random)
        if transport.maximumQueueSize(of: queue) > 0 {
          _ = transport.enableQueue(
            queue, size: 1,
            addresses: VirtqueueAddresses(
              descriptors: PhysicalAddress(0), available: PhysicalAddress(0),
              used: PhysicalAddress(0)))
        }
        transport.notify(queue: queue)
        _ = transport.acknowledgeInterrupt()
      }
      pci.functions[function] = words
    }
  }
}
