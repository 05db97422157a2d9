// SPDX-License-Identifier: BSD-3-Clause

/// Writes a message, and points to names that it has written before (RFC 1035 section 4.1.4).
struct MessageWriter {
  private(set) var bytes: [UInt8] = []
  /// Where labels begin that a pointer can lead to.
  private var places: [Int] = []

  /// Beyond this no pointer leads.
  private static var pointerLimit: Int { 0x4000 }
  /// A long answer has the same few names again and again; looking through more costs too much.
  private static var placeLimit: Int { 64 }

  mutating func append(_ byte: UInt8) { bytes.append(byte) }
  mutating func append(_ value: UInt16) { bytes.append(bigEndian: value) }
  mutating func append(_ value: UInt32) { bytes.append(bigEndian: value) }
  mutating func append(raw data: ArraySlice<UInt8>) { bytes += data }

  mutating func store(_ value: UInt16, at offset: Int) {
    bytes.store(bigEndian: value, at: offset)
  }

  /// Takes everything from `mark` on back.
  mutating func cut(to mark: Int) {
    bytes.removeSubrange(mark...)
    while let last = places.last, last >= mark { places.removeLast() }
  }

  /// Writes a name. Only the same letters are pointed to, so that case is kept (RFC 4343).
  mutating func append(_ name: DomainName) {
    var offset = 0
    while name.bytes[offset] != 0 {
      for place in places where holds(name.bytes[offset...], at: place) {
        append(UInt16(0xc000 | place))
        return
      }
      if bytes.count < Self.pointerLimit, places.count < Self.placeLimit {
        places.append(bytes.count)
      }
      let next = offset + 1 + Int(name.bytes[offset])
      bytes += name.bytes[offset..<next]
      offset = next
    }
    bytes.append(0)
  }

  /// Whether the name that begins at `place` is this one. What was written has no loops.
  private func holds(_ name: ArraySlice<UInt8>, at place: Int) -> Bool {
    var place = place
    var offset = name.startIndex
    while true {
      let count = Int(bytes[place])
      if count >= 0xc0 {
        place = (count & 0x3f) << 8 | Int(bytes[place + 1])
        continue
      }
      guard count == Int(name[offset]) else { return false }
      if count == 0 { return true }
      for index in 1...count where bytes[place + index] != name[offset + index] { return false }
      place += count + 1
      offset += count + 1
      guard place < bytes.count else { return false }
    }
  }

  /// Writes one record. Names in the data are compressed only where RFC 1035 defines the type (RFC
  /// 3597 section 4).
  mutating func append(
    _ name: DomainName, _ type: RecordType, lifetime: UInt32, data: [UInt8]
  ) {
    append(name)
    append(type.rawValue)
    append(UInt16(1))
    append(lifetime)
    let place = bytes.count
    append(UInt16(0))
    switch type {
    case .ns, .cname, .ptr:
      append(DomainName(wire: data))
    case .mx:
      append(raw: data[0..<2])
      append(DomainName(wire: Array(data[2...])))
    case .soa:
      let (server, person, rest) = SOAData.split(data)
      append(server)
      append(person)
      append(raw: rest)
    default:
      append(raw: data[...])
    }
    store(UInt16(bytes.count - place - 2), at: place)
  }
}

/// The data of a SOA record: two names and five numbers (RFC 1035 section 3.3.13).
enum SOAData {
  static func split(_ data: [UInt8]) -> (DomainName, DomainName, ArraySlice<UInt8>) {
    var end = 0
    while data[end] != 0 { end += Int(data[end]) + 1 }
    var next = end + 1
    while data[next] != 0 { next += Int(data[next]) + 1 }
    return (
      DomainName(wire: Array(data[...end])), DomainName(wire: Array(data[(end + 1)...next])),
      data[(next + 1)...]
    )
  }

  /// How long a "no" is kept, in seconds (RFC 2308 section 4).
  static func minimum(_ data: [UInt8]) -> UInt32 {
    UInt32(data.bigEndian16(at: data.count - 4)) << 16
      | UInt32(data.bigEndian16(at: data.count - 2))
  }
}
