// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The two commands that a store gets most, when all of one is there: `get` of one key, and `set`
/// of a small value. They give the same answers as `Session` does, which takes whatever is not
/// quite so usual, in a third of the time.
extension ItemStore {
  // Texts as numbers whose lowest byte is the first letter: "VALUE " with two bytes that the key
  // covers, "STORED" with its line end, a line end.
  private static var valueLine: UInt64 { 0x2020_2045_554c_4156 }
  private static var storedLine: UInt64 { 0x0a0d_4445_524f_5453 }
  private static var lineEnd: UInt16 { 0x0a0d }
  /// What follows a value: its line end, and "END" with its own; the last byte is not sent.
  private static var valueEnd: UInt64 { 0x000a_0d44_4e45_0a0d }

  /// Serves the command at `consumed`, and moves that behind it.
  ///
  /// - Returns: false when it is none of the two or not so simple; then nothing has happened, but that
  ///   an item which is over may be gone.
  @inline(__always)
  func serveQuickly<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Bool {
    guard input.byteCount &- consumed >= 8 else { return false }
    switch input.littleEndian(at: consumed, as: UInt32.self) {
    case 0x2074_6567: return get(input, &consumed, now: now, to: &sink)
    case 0x2074_6573: return set(input, &consumed, now: now, to: &sink)
    default: return false
    }
  }

  // MARK: get

  @inline(__always)
  private func get<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Bool {
    guard let key = KeyScan(input, from: consumed &+ 4, seed), Self.endsLine(input, at: key.end)
    else { return false }
    if let item = find(key, in: input, now: now) {
      let keyCount = key.byteCount
      let valueCount = Int(records[Int(item)].valueByteCount)
      // "VALUE ", two numbers, their spaces, line ends and "END" are less than 80 bytes.
      let limit = keyCount &+ valueCount &+ 80
      guard keyCount &+ valueCount <= Self.chunkByteCount, limit <= sink.contiguousRoom else {
        return false
      }
      statistics.getHits &+= 1
      touch(item)
      sink.fill(limit) { write(item, keyCount, valueCount, in: &$0) }
    } else {
      sink.fill(8) {
        $0.storeLittleEndian(Self.valueEnd >> 16, at: 0)
        return 5
      }
    }
    statistics.gets &+= 1
    consumed = key.end &+ 2
    return true
  }

  /// Whether a line ends there as lines should.
  @inline(__always)
  private static func endsLine(_ input: RawSpan, at place: Int) -> Bool {
    input.byteCount &- place >= 2 && input.littleEndian(at: place, as: UInt16.self) == lineEnd
  }

  /// Writes an item of one chunk, and the line that ends a retrieval; returns how many bytes these
  /// are.
  @inline(__always)
  private func write(
    _ item: Item, _ keyCount: Int, _ valueCount: Int, in target: inout MutableRawSpan
  ) -> Int {
    target.storeLittleEndian(Self.valueLine, at: 0)
    // Whole words of the chunk: what is behind the key is written over.
    var place = 0
    while place < keyCount {
      target.storeLittleEndian(memory[Int(item)][place &>> 3], at: 6 &+ place)
      place &+= 8
    }
    place = 6 &+ keyCount
    let flags = UInt64(records[Int(item)].flags)
    if flags < 10 {
      // A space, a digit, a space.
      target.storeLittleEndian(UInt32(truncatingIfNeeded: 0x20_3020 &+ flags << 8), at: place)
      place &+= 3
    } else {
      target.storeLittleEndian(UInt8(32), at: place)
      place = Decimal.write(flags, in: &target, at: place &+ 1)
      target.storeLittleEndian(UInt8(32), at: place)
      place &+= 1
    }
    let digits = Decimal.digits(ofSmall: UInt64(truncatingIfNeeded: valueCount))
    target.storeLittleEndian(digits.word | UInt64(Self.lineEnd) &<< digits.bitCount, at: place)
    place &+= Int(truncatingIfNeeded: digits.bitCount >> 3) &+ 2
    withBytes(of: item, keyCount..<keyCount &+ valueCount) { target.copy($0, at: place) }
    place &+= valueCount
    target.storeLittleEndian(Self.valueEnd, at: place)
    return place &+ 7
  }

  // MARK: set

  @inline(__always)
  private func set<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Bool {
    guard let key = KeyScan(input, from: consumed &+ 4, seed) else { return false }
    var place = key.end
    guard let flags = Self.number(input, &place), let seconds = Self.number(input, &place),
      let size = Self.number(input, &place), Self.endsLine(input, at: place),
      key.byteCount &+ size <= Self.chunkByteCount
    else { return false }
    let start = place &+ 2
    guard input.byteCount &- start >= size &+ 2, Self.endsLine(input, at: start &+ size) else {
      return false
    }
    let item: Item
    if let old = find(key, in: input, now: now) {
      guard records[Int(old)].holders == 0, records[Int(old)].next == Self.none else {
        return false
      }
      item = old
      renew(item, valueByteCount: size)
    } else {
      let name = input.extracting(key.start..<key.end)
      guard let new = reserve(name, key.hash, flags: 0, expiry: 0, valueByteCount: size) else {
        return false
      }
      link(new, replacing: nil)
      release(new)
      item = new
    }
    statistics.sets &+= 1
    records[Int(item)].flags = UInt32(truncatingIfNeeded: flags)
    records[Int(item)].expiry = Self.expiry(
      after: Int64(truncatingIfNeeded: seconds), now: now)
    copy(input.extracting(start..<start &+ size), to: item, at: key.byteCount)
    sink.fill(8) {
      $0.storeLittleEndian(Self.storedLine, at: 0)
      return 8
    }
    consumed = start &+ size &+ 2
    return true
  }

  /// Takes a space and a number of one to nine digits at `place`, which moves behind them.
  @inline(__always)
  private static func number(_ input: RawSpan, _ place: inout Int) -> Int? {
    guard place < input.byteCount, input.byte(at: place) == 32 else { return nil }
    let start = place &+ 1
    var value = 0
    place = start
    while place < input.byteCount {
      let digit = Int(input.byte(at: place)) &- 48
      guard digit >= 0, digit < 10 else { break }
      value = value &* 10 &+ digit
      place &+= 1
    }
    return place > start && place &- start <= 9 ? value : nil
  }
}
