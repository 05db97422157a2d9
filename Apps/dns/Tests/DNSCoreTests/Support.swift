// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import DNSCore

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

/// A query, made by hand.
func query(
  _ name: String, _ type: UInt16, flags: UInt16 = 0x0100, classNumber: UInt16 = 1,
  extended: (size: UInt16, version: UInt8)? = nil
) -> [UInt8] {
  var bytes: [UInt8] = [0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 255), 0, 1, 0, 0, 0, 0, 0]
  bytes.append(extended == nil ? 0 : 1)
  for label in name.split(separator: ".") {
    bytes.append(UInt8(label.utf8.count))
    bytes += label.utf8
  }
  bytes.append(0)
  for word in [type, classNumber] { bytes += [UInt8(word >> 8), UInt8(word & 255)] }
  if let extended {
    bytes += [0, 0, 41, UInt8(extended.size >> 8), UInt8(extended.size & 255)]
    bytes += [0, extended.version, 0x80, 0, 0, 0]
  }
  return bytes
}

/// An answer taken apart without the server's own code.
struct Reply {
  struct Record: Equatable {
    var name: String
    var type: UInt16
    var lifetime: UInt32
    var data: String
  }

  var flags: UInt16 = 0
  var sections: [[Record]] = []
  var question = ""
  var extended: Record?
  var byteCount = 0

  var code: UInt16 { flags & 15 }
  var isAuthoritative: Bool { flags & 0x400 != 0 }
  var isTruncated: Bool { flags & 0x200 != 0 }
  var answers: [Record] { sections[0] }
  var authority: [Record] { sections[1] }
  var additional: [Record] { sections[2] }

  init?(_ bytes: [UInt8]?) {
    guard let bytes, bytes.count >= 12, bytes[2] & 0x80 != 0 else { return nil }
    byteCount = bytes.count
    func word(_ offset: Int) -> UInt16? {
      offset + 1 < bytes.count ? UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) : nil
    }
    func name(_ offset: inout Int) -> String? {
      var text = ""
      var place = offset
      var end: Int?
      for _ in 0..<200 {
        guard place < bytes.count else { return nil }
        let count = Int(bytes[place])
        if count >= 0xc0 {
          guard place + 1 < bytes.count else { return nil }
          end = end ?? place + 2
          place = (count & 0x3f) << 8 | Int(bytes[place + 1])
        } else if count == 0 {
          offset = end ?? place + 1
          return text.isEmpty ? "." : text
        } else {
          guard place + count < bytes.count else { return nil }
          text += String(decoding: bytes[(place + 1)...(place + count)], as: UTF8.self) + "."
          place += count + 1
        }
      }
      return nil
    }
    flags = word(2)!
    var offset = 12
    for _ in 0..<word(4)! {
      guard let text = name(&offset) else { return nil }
      question = text
      offset += 4
    }
    for section in 0..<3 {
      var records: [Record] = []
      for _ in 0..<word(6 + 2 * section)! {
        guard let owner = name(&offset), let type = word(offset), let high = word(offset + 4),
          let low = word(offset + 6), let count = word(offset + 8),
          offset + 10 + Int(count) <= bytes.count
        else { return nil }
        offset += 10
        let end = offset + Int(count)
        var data = ""
        switch type {
        case 1: data = bytes[offset..<end].map { "\($0)" }.joined(separator: ".")
        case 2, 5, 12: data = name(&offset) ?? "?"
        case 15:
          data = "\(word(offset)!) "
          offset += 2
          data += name(&offset) ?? "?"
        case 16:
          data = String(decoding: bytes[(offset + 1)..<end], as: UTF8.self)
        case 33:
          data = "\(word(offset)!) \(word(offset + 2)!) \(word(offset + 4)!) "
          offset += 6
          data += name(&offset) ?? "?"
        case 6:
          data = (name(&offset) ?? "?") + " " + (name(&offset) ?? "?")
          data += " \(word(offset + 2)!)"
          offset += 20
        default: data = bytes[offset..<end].map { "\($0)" }.joined(separator: " ")
        }
        if [2, 5, 6, 12, 15, 33].contains(type), offset != end { return nil }
        offset = end
        let lifetime = UInt32(high) << 16 | UInt32(low)
        let record = Record(name: owner, type: type, lifetime: lifetime, data: data)
        if type == 41 { extended = record } else { records.append(record) }
      }
      sections.append(records)
    }
    if offset != bytes.count { return nil }
  }
}

let exampleZone = """
  $ORIGIN example.org.
  $TTL 1h
  @       IN SOA ns1 admin.example.org. (
                  7       ; serial
                  7200 3600 1209600
                  300 )   ; minimum
          NS  ns1
          NS  ns2.example.net.
          MX  10 mail
          TXT "v=spf1 -all" "second \\"quoted\\""
          CAA 0 issue "ca.example.net"
  ns1     A   192.0.2.1
          AAAA 2001:db8::1
  mail    300 IN A 192.0.2.25
  MixedCase A 192.0.2.26
  www     CNAME web
  web     A   192.0.2.80
          A   192.0.2.81
  away    CNAME www.example.com.
  dead    CNAME nothing
  loop1   CNAME loop2
  loop2   CNAME loop1
  _sip._tcp SRV 1 2 5060 sip
  sip     A   192.0.2.50
  a.b.deep TXT "bottom"
  *.wild  A   192.0.2.99
  *.wild  MX  5 mail
  sub.wild TXT "closer"
  *.alias CNAME web
  child   NS  ns.child
  child   NS  ns1
  ns.child A  192.0.2.53
  host.child A 192.0.2.54
  odd     TYPE65280 \\# 3 010203
  odd\\.dot A 192.0.2.60
  1.2.0   PTR web
  """

func zone(_ text: String = exampleZone, origin: String? = nil) throws -> Zone {
  var parser = ZoneParser(
    Array(text.utf8), origin: origin.flatMap { DomainName(text: Array($0.utf8)) })
  return try parser.parse()
}

func ask(
  _ name: String, _ type: UInt16, in responder: Responder,
  over transport: Responder.Transport = .datagram, extended: (size: UInt16, version: UInt8)? = nil
) throws -> Reply {
  try #require(
    Reply(responder.answer(query(name, type, extended: extended), over: transport)))
}
