// SPDX-License-Identifier: BSD-3-Clause

/// A point in time as HTTP says it: whole seconds, always UTC.
///
/// Source: RFC 9110 section 5.6.7.
public struct HTTPDate: Equatable, Comparable, Sendable {
  /// Seconds since 1970-01-01 00:00:00 UTC, without leap seconds; from year 1 to year 9999.
  public let secondsSince1970: Int

  /// Clamps to the years 1 to 9999, for which there is a text.
  public init(secondsSince1970 seconds: Int) {
    secondsSince1970 = min(max(seconds, -62_135_596_800), 253_402_300_799)
  }

  public static func < (one: Self, other: Self) -> Bool {
    one.secondsSince1970 < other.secondsSince1970
  }

  /// How many bytes `write` appends.
  public static var byteCount: Int { 29 }

  /// Appends the IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`; false, and nothing written,
  /// when its 29 bytes do not fit.
  @discardableResult
  @_lifetime(output: copy output)
  public func write(into output: inout some ByteSink & ~Copyable & ~Escapable) -> Bool {
    guard output.freeByteCount >= Self.byteCount else { return false }
    // Days since 1970 and seconds of the day, rounded down also before 1970.
    let days = (secondsSince1970 - floorModulo(secondsSince1970, 86_400)) / 86_400
    let second = floorModulo(secondsSince1970, 86_400)
    let date = CivilDate(daysSince1970: days)
    // 1970-01-01 was a Thursday.
    output.append(octets: dayName(floorModulo(days + 4, 7)).utf8Span.span)
    output.append(octets: ", ".utf8Span.span)
    output.append(decimal: date.day, width: 2)
    output.append(.space)
    output.append(octets: monthName(date.month).utf8Span.span)
    output.append(.space)
    output.append(decimal: date.year, width: 4)
    output.append(.space)
    output.append(decimal: second / 3600, width: 2)
    output.append(UInt8(ascii: ":"))
    output.append(decimal: second / 60 % 60, width: 2)
    output.append(UInt8(ascii: ":"))
    output.append(decimal: second % 60, width: 2)
    output.append(octets: " GMT".utf8Span.span)
    return true
  }
}

/// The name of a day of the week; 0 is Sunday.
func dayName(_ day: Int) -> String {
  switch day {
  case 0: "Sun"
  case 1: "Mon"
  case 2: "Tue"
  case 3: "Wed"
  case 4: "Thu"
  case 5: "Fri"
  default: "Sat"
  }
}

/// The name of a month, 1 to 12.
func monthName(_ month: Int) -> String {
  switch month {
  case 1: "Jan"
  case 2: "Feb"
  case 3: "Mar"
  case 4: "Apr"
  case 5: "May"
  case 6: "Jun"
  case 7: "Jul"
  case 8: "Aug"
  case 9: "Sep"
  case 10: "Oct"
  case 11: "Nov"
  default: "Dec"
  }
}

/// The remainder of a division that rounds down; `divisor` is positive.
func floorModulo(_ value: Int, _ divisor: Int) -> Int {
  let rest = value % divisor
  return rest < 0 ? rest + divisor : rest
}

/// A day of the Gregorian calendar.
struct CivilDate: Equatable {
  var year: Int
  /// 1 to 12.
  var month: Int
  /// 1 to 31.
  var day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// Counts in eras of 400 years (146,097 days) that begin on the first of March, so that the leap
  /// day comes last.
  init(daysSince1970 days: Int) {
    let shifted = days + 719_468
    let dayOfEra = floorModulo(shifted, 146_097)
    let era = (shifted - dayOfEra) / 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The inverse of `init(daysSince1970:)`.
  var daysSince1970: Int {
    let shifted = month <= 2 ? year - 1 : year
    let yearOfEra = floorModulo(shifted, 400)
    let era = (shifted - yearOfEra) / 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
