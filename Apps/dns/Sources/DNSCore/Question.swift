// SPDX-License-Identifier: BSD-3-Clause

/// A query as it came (RFC 1035 section 4.1), parsed and checked.
struct Question {
  /// What went wrong with a message.
  enum Failure: Error {
    /// Not to be answered at all: too short, or an answer itself.
    case silence
    /// Answered with FORMERR (RFC 1035 section 4.1.1).
    case malformed
    /// Answered with NOTIMP: an operation that is no query.
    case notImplemented
  }

  /// What the asker can do (RFC 6891).
  struct Extension {
    var version: UInt8
    /// The largest answer over UDP, in bytes.
    var payloadByteCount: Int
    /// The DO bit (RFC 3225): copied into the answer.
    var wantsSignatures: Bool
  }

  var identification: UInt16
  /// RD, which is copied.
  var wantsRecursion: Bool
  var name: DomainName
  var type: RecordType
  var classNumber: UInt16
  /// Where the question ends in the message: it is copied with its letters' case.
  var end: Int
  var extended: Extension?

  /// Parses a message.
  init(parsing message: [UInt8]) throws(Failure) {
    guard message.count >= 12, message[2] & 0x80 == 0 else { throw .silence }
    guard message[2] & 0x78 == 0 else { throw .notImplemented }
    identification = message.bigEndian16(at: 0)
    wantsRecursion = message[2] & 1 != 0
    guard message.bigEndian16(at: 4) == 1, message.bigEndian16(at: 6) == 0 else {
      throw .malformed
    }
    var reader = MessageReader(message, at: 12)
    // A question has no earlier name that it could point to.
    guard let name = reader.name(allowingPointers: false), let type = reader.word(),
      let classNumber = reader.word()
    else { throw .malformed }
    self.name = name
    self.type = RecordType(type)
    self.classNumber = classNumber
    end = reader.offset
    let others = Int(message.bigEndian16(at: 8)) + Int(message.bigEndian16(at: 10))
    extended = try Self.readExtension(&reader, recordCount: others)
    // What follows the records belongs to no message.
    guard reader.isAtEnd else { throw .malformed }
  }

  /// Passes over records, and reads the OPT record; a second one is an error (RFC 6891 section
  /// 6.1.1).
  private static func readExtension(
    _ reader: inout MessageReader, recordCount: Int
  ) throws(Failure) -> Extension? {
    var found: Extension?
    for _ in 0..<recordCount {
      guard let name = reader.name(allowingPointers: true), let type = reader.word(),
        let size = reader.word(), let high = reader.word(), let low = reader.word(),
        let count = reader.word(), reader.skip(Int(count))
      else { throw .malformed }
      guard type == RecordType.opt.rawValue else { continue }
      guard found == nil, name.isRoot else { throw .malformed }
      found = Extension(
        version: UInt8(truncatingIfNeeded: high), payloadByteCount: Int(size),
        wantsSignatures: low & 0x8000 != 0)
    }
    return found
  }
}

/// Reads a message front to back, never beyond its end.
struct MessageReader {
  private let bytes: [UInt8]
  private(set) var offset: Int

  init(_ bytes: [UInt8], at offset: Int) {
    self.bytes = bytes
    self.offset = offset
  }

  var isAtEnd: Bool { offset == bytes.count }

  mutating func word() -> UInt16? {
    guard offset + 2 <= bytes.count else { return nil }
    defer { offset += 2 }
    return bytes.bigEndian16(at: offset)
  }

  mutating func skip(_ count: Int) -> Bool {
    guard count <= bytes.count - offset else { return false }
    offset += count
    return true
  }

  /// A name; nil when it is cut off, too long, or a pointer leads anywhere but further to the front
  /// than all before (RFC 1035 section 4.1.4): so no pointers go round in circles.
  mutating func name(allowingPointers: Bool) -> DomainName? {
    var wire: [UInt8] = []
    var place = offset
    var front = offset
    var hasJumped = false
    while place < bytes.count {
      let count = Int(bytes[place])
      if count >= 0xc0 {
        guard allowingPointers, place + 1 < bytes.count else { return nil }
        let target = (count & 0x3f) << 8 | Int(bytes[place + 1])
        guard target < front, target >= 12 else { return nil }
        if !hasJumped { offset = place + 2 }
        hasJumped = true
        (place, front) = (target, target)
        continue
      }
      guard count <= DomainName.labelLimit, place + 1 + count <= bytes.count,
        wire.count + 1 + count <= DomainName.byteLimit
      else { return nil }
      wire += bytes[place...(place + count)]
      place += 1 + count
      if count == 0 {
        if !hasJumped { offset = place }
        return DomainName(wire: wire)
      }
    }
    return nil
  }
}
