// SPDX-License-Identifier: BSD-3-Clause

import Machine
import RealTimeClock
import Testing

/// An MC146818 whose time a test sets.
final class SimulatedRealTimeClock: SimulatedDevice, @unchecked Sendable {
  var registers = [UInt8](repeating: 0, count: 128)
  private var index = 0
  /// Called before each read of the seconds: for a clock that goes on meanwhile.
  var secondsWillBeRead: () -> Void = {}

  override init() {
    super.init()
    registers[13] = 0x80
    registers[11] = 0b10
    set([0x56, 0x34, 0x12, 0x24, 0x11, 0x26, 0x20])
  }

  /// Seconds, minutes, hours, day, month, year and century as the registers hold them.
  func set(_ values: [UInt8]) {
    for (register, value) in zip([0, 2, 4, 7, 8, 9, 0x32], values) { registers[register] = value }
  }

  override func store(_ value: UInt64, at offset: Int, byteCount: Int) {
    if offset == 0 { index = Int(value & 0x7f) } else { registers[index] = UInt8(value) }
  }

  override func load(at offset: Int, byteCount: Int) -> UInt64 {
    if index == 0 { secondsWillBeRead() }
    return UInt64(registers[index])
  }

  /// The clock on ports of its own.
  func attached(_ port: UInt16) -> RealTimeClock? {
    SimulatedBus.attach(self, firstPort: port, count: 2)
    return RealTimeClock(at: port)
  }
}

@Suite struct RealTimeClockTests {
  private static let decimal = RealTimeReading.Format(isBinary: false, has24Hours: true)

  private func seconds(
    _ values: [UInt8], _ format: RealTimeReading.Format = Self.decimal
  ) -> Int64? {
    RealTimeReading(
      second: values[0], minute: values[1], hour: values[2], day: values[3], month: values[4],
      year: values[5], century: values[6]
    ).secondsSince1970(format)
  }

  @Test func readsDates() {
    #expect(seconds([0, 0, 0, 1, 1, 0x70, 0x19]) == 0)
    #expect(seconds([0x59, 0x59, 0x23, 0x31, 0x12, 0x99, 0x19]) == 946_684_799)
    #expect(seconds([0, 0, 0, 0x29, 2, 0, 0x20]) == 951_782_400)
    #expect(seconds([0x56, 0x34, 0x12, 0x24, 0x11, 0x26, 0x20]) == 1_795_523_696)
    #expect(seconds([0, 0, 0, 1, 3, 0, 0x21]) == 4_107_542_400)
  }

  @Test func readsBinaryAndTwelveHours() {
    let binary = RealTimeReading.Format(isBinary: true, has24Hours: true)
    #expect(seconds([56, 34, 12, 24, 11, 26, 20], binary) == 1_795_523_696)
    let twelve = RealTimeReading.Format(isBinary: false, has24Hours: false)
    #expect(seconds([0, 0, 0x12, 1, 1, 0x70, 0x19], twelve) == 0)
    #expect(seconds([0, 0, 0x92, 1, 1, 0x70, 0x19], twelve) == 43_200)
    #expect(seconds([0, 0, 0x81, 1, 1, 0x70, 0x19], twelve) == 46_800)
    #expect(seconds([0, 0, 0x13, 1, 1, 0x70, 0x19], twelve) == nil)
  }

  @Test(
    arguments: [
      [0x60, 0, 0, 1, 1, 0x26, 0x20], [0, 0x60, 0, 1, 1, 0x26, 0x20],
      [0, 0, 0x24, 1, 1, 0x26, 0x20],
      [0, 0, 0, 0, 1, 0x26, 0x20], [0, 0, 0, 0x32, 1, 0x26, 0x20], [0, 0, 0, 0x29, 2, 0x26, 0x20],
      [0, 0, 0, 0x31, 4, 0x26, 0x20], [0, 0, 0, 1, 0, 0x26, 0x20], [0, 0, 0, 1, 0x13, 0x26, 0x20],
      [0, 0, 0, 1, 1, 0x69, 0x19], [0, 0, 0, 1, 1, 0x26, 0x22], [0x0a, 0, 0, 1, 1, 0x26, 0x20],
      [0, 0, 0, 0x29, 2, 0, 0x21], [255, 255, 255, 255, 255, 255, 255],
    ] as [[UInt8]])
  func refusesWhatIsNoDate(values: [UInt8]) {
    #expect(seconds(values) == nil)
  }

  @Test func readsTheRegisters() throws {
    let device = SimulatedRealTimeClock()
    defer { SimulatedBus.detach(device) }
    #expect(try #require(device.attached(0x7000)).secondsSince1970() == 1_795_523_696)
    // An update is in progress, for ever.
    device.registers[10] = 0x80
    #expect(RealTimeClock(at: 0x7000)?.secondsSince1970() == nil)
  }

  @Test func readsAgainWhenItGoesOnMeanwhile() throws {
    let device = SimulatedRealTimeClock()
    defer { SimulatedBus.detach(device) }
    device.set([0x59, 0x34, 0x12, 0x24, 0x11, 0x26, 0x20])
    let clock = try #require(device.attached(0x7010))
    var reads = 0
    device.secondsWillBeRead = {
      reads += 1
      // The minute has been carried, the second not yet written when the first reading began.
      if reads == 2 { device.set([0, 0x35, 0x12, 0x24, 0x11, 0x26, 0x20]) }
    }
    #expect(clock.secondsSince1970() == 1_795_523_700)
    #expect(reads == 3)
    device.secondsWillBeRead = { device.registers[0] = (device.registers[0] + 1) % 9 }
    #expect(clock.secondsSince1970() == nil)
  }

  @Test func isNotThereWithoutAnswerOrTime() {
    #expect(RealTimeClock(at: 0x7020) == nil)
    let device = SimulatedRealTimeClock()
    defer { SimulatedBus.detach(device) }
    device.registers[13] = 0
    #expect(device.attached(0x7030) == nil)
  }
}
