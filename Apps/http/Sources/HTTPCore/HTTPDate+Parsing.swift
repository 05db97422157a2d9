// SPDX-License-Identifier: BSD-3-Clause

extension HTTPDate {
  /// Reads any of the three forms:
  ///
  ///     Sun, 06 Nov 1994 08:49:37 GMT    IMF-fixdate
  ///     Sunday, 06-Nov-94 08:49:37 GMT   RFC 850
  ///     Sun Nov  6 08:49:37 1994         asctime
  ///
  /// Nil for anything else, also for a day that the calendar does not have. The day's name must be
  /// one, but need not be that of the date.
  ///
  /// - Parameters:
  ///   - text: Without blanks around it.
  ///   - now: Seconds since 1970; a year of two digits that seems to be more than 50 years later
  ///     than `now` is taken as one of the past.
  ///
  /// Source: RFC 9110 section 5.6.7.
  public init?(parsing text: RawSpan, now: Int) {
    var reader = DateReader(text.octets)
    guard let seconds = reader.date(now: now) else { return nil }
    self.init(secondsSince1970: seconds)
  }
}

/// Reads the parts of a date; each part is nil when it is not there.
private struct DateReader: ~Escapable {
  let bytes: Span<UInt8>
  var position = 0

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  mutating func date(now: Int) -> Int? {
    guard let day = day() else { return nil }
    if take(", ") { return fixdate() }
    if take(" ") { return asctime() }
    return take(restOfDayName(day)) ? oldDate(now: now) : nil
  }

  private mutating func fixdate() -> Int? {
    guard let day = number(2), take(" "), let month = month(), take(" "), let year = number(4),
      take(" "), let time = time(), take(" GMT")
    else { return nil }
    return seconds(year, month, day, time)
  }

  private mutating func asctime() -> Int? {
    guard let month = month(), take(" ") else { return nil }
    let isShort = take(" ")
    guard let day = number(isShort ? 1 : 2), take(" "), let time = time(), take(" "),
      let year = number(4)
    else { return nil }
    return seconds(year, month, day, time)
  }

  private mutating func oldDate(now: Int) -> Int? {
    guard take(", "), let day = number(2), take("-"), let month = month(), take("-"),
      let short = number(2), take(" "), let time = time(), take(" GMT")
    else { return nil }
    let clamped = HTTPDate(secondsSince1970: now).secondsSince1970
    let today = CivilDate(daysSince1970: (clamped - floorModulo(clamped, 86_400)) / 86_400)
    var year = today.year - today.year % 100 + short
    if year > today.year + 50 { year -= 100 }
    return seconds(year, month, day, time)
  }

  private mutating func day() -> Int? {
    for day in 0...6 where take(dayName(day)) { return day }
    return nil
  }

  /// What a day's long name has more than its short one.
  private func restOfDayName(_ day: Int) -> String {
    switch day {
    case 2: "sday"
    case 3: "nesday"
    case 4: "rsday"
    case 6: "urday"
    default: "day"
    }
  }

  private mutating func month() -> Int? {
    for month in 1...12 where take(monthName(month)) { return month }
    return nil
  }

  /// The second of the day. A leap second, 60, is taken as the one after it.
  private mutating func time() -> Int? {
    guard let hour = number(2), take(":"), let minute = number(2), take(":"),
      let second = number(2), hour < 24, minute < 60, second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private func seconds(_ year: Int, _ month: Int, _ day: Int, _ time: Int) -> Int? {
    let date = CivilDate(year: year, month: month, day: day)
    let days = date.daysSince1970
    guard position == bytes.count, year >= 1, CivilDate(daysSince1970: days) == date else {
      return nil
    }
    return days * 86_400 + time
  }

  /// Exactly so many digits.
  private mutating func number(_ count: Int) -> Int? {
    guard count <= bytes.count &- position,
      let value = bytes.decimal(Extent(position..<(position &+ count)))
    else { return nil }
    position &+= count
    return value
  }

  /// Goes on behind `text` when it comes next.
  private mutating func take(_ text: String) -> Bool {
    let wanted = text.utf8Span.span
    guard wanted.count <= bytes.count &- position else { return false }
    for index in wanted.indices where bytes[position &+ index] != wanted[index] { return false }
    position &+= wanted.count
    return true
  }
}
