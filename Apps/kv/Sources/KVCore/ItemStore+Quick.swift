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

  /// Room for the answer to a `get` that is served here, and some that is written over: "VALUE ", the
  /// key, two numbers below 1000, spaces, line ends, the value, "END".
  private static var getLimit: Int { 416 }

  /// Serves the command that the input begins with.
  ///
  /// - Returns: how many bytes it has; 0 when it is none of the two or not so simple; then nothing has
  ///   happened, but that an item which is over may be gone.
  @inline(__always)
  func serveQuickly<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, now: UInt32, to sink: inout Sink
  ) -> Int {
    guard input.byteCount >= 8 else { return 0 }
    switch input.littleEndian(at: 0, as: UInt32.self) {
    case 0x2074_6567: return get(input, now: now, to: &sink)
    case 0x2074_6573: return set(input, now: now, to: &sink)
    default: return 0
    }
  }

  // MARK: get

  @inline(__always)
  private func get<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, now: UInt32, to sink: inout Sink
  ) -> Int {
    guard let key = KeyScan(input, seed), Self.endsLine(input, at: key.end),
      sink.contiguousRoom >= Self.getLimit
    else { return 0 }
    if let item = find(key, in: input, now: now) {
      let valueCount = Int(UInt32(bitPattern: records[Int(item)].valueByteCount))
      guard key.byteCount &+ valueCount <= Self.chunkByteCount, records[Int(item)].flags < 1000
      else { return 0 }
      statistics.getHits &+= 1
      sink.fill(Self.getLimit) { write(item, in: &$0) }
    } else {
      sink.fill(8) {
        $0.storeLittleEndian(Self.valueEnd >> 16, at: 0)
        return 5
      }
    }
    statistics.gets &+= 1
    return key.end &+ 2
  }

  /// Whether a line ends there as lines should.
  @inline(__always)
  private static func endsLine(_ input: RawSpan, at place: Int) -> Bool {
    input.byteCount &- place >= 2 && input.littleEndian(at: place, as: UInt16.self) == lineEnd
  }

  /// Writes an item of one chunk, which counts as used, and the line that ends a retrieval; returns
  /// how many bytes these are.
  ///
  /// A function of its own has registers enough; in place it would keep half of its numbers on the
  /// stack.
  @inline(never)
  private func write(_ item: Item, in target: inout MutableRawSpan) -> Int {
    touch(item)
    let keyCount = Int(records[Int(item)].keyByteCount & 0x7f)
    let valueCount = Int(records[Int(item)].valueByteCount & 0xff)
    target.storeLittleEndian(Self.valueLine, at: 0)
    // Whole words of the chunk: what is behind the key is written over.
    target.storeLittleEndian(memory[Int(item)][0], at: 6)
    if keyCount > 8 {
      var place = 8
      while place < keyCount {
        target.storeLittleEndian(memory[Int(item)][place &>> 3], at: 6 &+ place)
        place &+= 8
      }
    }
    var place = 6 &+ keyCount
    let flags = Decimal.digits(ofSmall: UInt64(records[Int(item)].flags))
    // A space before and behind.
    target.storeLittleEndian(
      32 | flags.word &<< 8 | 32 &<< (flags.bitCount &+ 8), at: place)
    place &+= 2 &+ Int(truncatingIfNeeded: flags.bitCount >> 3)
    let size = Decimal.digits(ofSmall: UInt64(truncatingIfNeeded: valueCount))
    target.storeLittleEndian(size.word | UInt64(Self.lineEnd) &<< size.bitCount, at: place)
    place &+= 2 &+ Int(truncatingIfNeeded: size.bitCount >> 3)
    withBytes(of: item, keyCount..<keyCount &+ valueCount) { target.copy($0, at: place) }
    place &+= valueCount
    target.storeLittleEndian(Self.valueEnd, at: place)
    return place &+ 7
  }

  // MARK: set

  @inline(__always)
  private func set<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, now: UInt32, to sink: inout Sink
  ) -> Int {
    guard let key = KeyScan(input, seed) else { return 0 }
    var place = key.end
    var (flags, seconds) = (0, 0)
    guard input.byteCount &- place >= 8 else { return 0 }
    if input.littleEndian(at: place, as: UInt32.self) == Self.zeros {
      place &+= 4
    } else {
      guard let first = Self.number(input, &place), let second = Self.number(input, &place) else {
        return 0
      }
      (flags, seconds) = (first, second)
    }
    guard let size = Self.size(input, &place), key.byteCount &+ size <= Self.chunkByteCount,
      input.byteCount &- place >= size &+ 2, Self.endsLine(input, at: place &+ size)
    else { return 0 }
    let item: Item
    if let old = find(key, in: input, now: now) {
      guard records[Int(old)].holders == 0, records[Int(old)].next == Self.none else { return 0 }
      item = old
      renew(item, valueByteCount: size)
    } else {
      guard let new = insert(key, input, valueByteCount: size) else { return 0 }
      item = new
    }
    statistics.sets &+= 1
    records[Int(item)].flags = UInt32(truncatingIfNeeded: flags)
    records[Int(item)].expiry =
      seconds == 0 ? 0 : Self.expiry(after: Int64(truncatingIfNeeded: seconds), now: now)
    copy(input.extracting(place..<place &+ size), to: item, at: key.byteCount)
    sink.fill(8) {
      $0.storeLittleEndian(Self.storedLine, at: 0)
      return 8
    }
    return place &+ size &+ 2
  }

  /// An item of one chunk that is found from now on, and whose value the caller writes.
  @inline(never)
  private func insert(_ key: KeyScan, _ input: RawSpan, valueByteCount: Int) -> Item? {
    let name = input.extracting(KeyScan.start..<key.end)
    guard
      let item = reserve(name, key.hash, flags: 0, expiry: 0, valueByteCount: valueByteCount)
    else { return nil }
    link(item, replacing: nil)
    release(item)
    return item
  }

  /// " 0 0", the flags and the time that most values have.
  private static var zeros: UInt32 { 0x3020_3020 }

  /// Takes a space, a number of one to three digits and a line end at `place`, which moves behind
  /// them.
  @inline(__always)
  private static func size(_ input: RawSpan, _ place: inout Int) -> Int? {
    guard input.byteCount &- place >= 8 else { return nil }
    let word = input.littleEndian(at: place, as: UInt64.self)
    guard word & 0xff == 32 else { return nil }
    // Digits become 0 to 9; the lowest bit that is set marks the first byte that is none.
    let digits = (word >> 8) ^ 0x30_3030_3030_3030
    let others = (((digits & 0x7f7f_7f7f) &+ 0x7676_7676) | digits) & 0x8080_8080
    let count = others.trailingZeroBitCount >> 3
    guard count > 0, count <= 3 else { return nil }
    let end = UInt64(truncatingIfNeeded: count &* 8 &+ 8)
    guard UInt16(truncatingIfNeeded: word &>> end) == lineEnd else { return nil }
    // The last one goes to the third place, with zeros before the first.
    let three = digits &<< (32 &- end)
    let value = (three & 0xff) &* 100 &+ (three >> 8 & 0xff) &* 10 &+ (three >> 16 & 0xff)
    place &+= count &+ 3
    return Int(truncatingIfNeeded: value)
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
