// SPDX-License-Identifier: BSD-3-Clause

/// What the clock's time registers say, as they are.
public struct RealTimeReading: Equatable, Sendable {
  public var second: UInt8
  public var minute: UInt8
  public var hour: UInt8
  public var day: UInt8
  public var month: UInt8
  /// The year in its century.
  public var year: UInt8
  public var century: UInt8

  public init(
    second: UInt8, minute: UInt8, hour: UInt8, day: UInt8, month: UInt8, year: UInt8,
    century: UInt8
  ) {
    self.second = second
    self.minute = minute
    self.hour = hour
    self.day = day
    self.month = month
    self.year = year
    self.century = century
  }

  /// Seconds since 1970-01-01 UTC, or nil when the registers hold no date from 1970 to 2199.
  public func secondsSince1970(_ format: Format) -> Int64? {
    guard let second = format.number(second), let minute = format.number(minute),
      let hour = format.hour(hour), let day = format.number(day), let month = format.number(month),
      let year = format.number(year), let century = format.number(century),
      second < 60, minute < 60, hour < 24, 1...12 ~= month, year < 100, 19...21 ~= century,
      century > 19 || year >= 70,
      day >= 1, day <= Self.dayCount(ofMonth: month, year: century * 100 + year)
    else { return nil }
    let days = Self.daysSince1970(year: century * 100 + year, month: month, day: day)
    return Int64((days * 24 + hour) * 60 + minute) * 60 + Int64(second)
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func dayCount(ofMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    var days = day - 1
    for past in 1970..<year { days += isLeap(past) ? 366 : 365 }
    for past in 1..<month { days += dayCount(ofMonth: past, year: year) }
    return days
  }
}

extension RealTimeReading {
  /// How the registers are written (register B: DM, bit 2, and 24/12, bit 1).
  public struct Format: Sendable {
    public let isBinary: Bool
    public let has24Hours: Bool

    public init(isBinary: Bool, has24Hours: Bool) {
      self.isBinary = isBinary
      self.has24Hours = has24Hours
    }

    /// The number that a register says: binary, or two decimal digits.
    func number(_ register: UInt8) -> Int? {
      if isBinary { return Int(register) }
      guard register >> 4 < 10 && register & 15 < 10 else { return nil }
      return Int(register >> 4) * 10 + Int(register & 15)
    }

    /// The hour from 0; with twelve hours, bit 7 says that it is after noon.
    func hour(_ register: UInt8) -> Int? {
      if has24Hours { return number(register) }
      guard let hour = number(register & 0x7f), 1...12 ~= hour else { return nil }
      return hour % 12 + (register & 0x80 != 0 ? 12 : 0)
    }
  }
}
