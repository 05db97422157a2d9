// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// What a server says to a query.
public enum NameAnswer: Equatable, Sendable {
  /// The addresses, at least one.
  case addresses([IPAddress])
  /// The name exists, but has no address of that version.
  case noAddress
  /// NXDOMAIN.
  case noSuchName
  /// It is longer than UDP takes: to be asked for by TCP.
  case truncated
  /// FORMERR or NOTIMP: the server may be too old for the record OPT.
  case notUnderstood
  /// SERVFAIL, REFUSED and the like, or an answer that is malformed behind its question.
  case failed

  /// The class IN.
  static var internet: UInt16 { 1 }
  /// More addresses than these are left out.
  private static let addressLimit = 32
  /// Aliases are followed that far (RFC 1034 section 3.6.2).
  private static let aliasLimit = 8

  /// Reads a message.
  ///
  /// - Returns: nil when it is no answer to `query`: somebody else's, or made up.
  public init?(_ message: RawSpan, to query: NameQuery) {
    guard message.byteCount >= 12, message.bigEndian(at: 0, as: UInt16.self) == query.number
    else { return nil }
    let flags: UInt16 = message.bigEndian(at: 2)
    // An answer, to an ordinary query, with one question.
    guard flags & 0xf800 == 0x8000, message.bigEndian(at: 4, as: UInt16.self) == 1 else {
      return nil
    }
    var offset = 12
    guard let name = DomainName(message, at: &offset), name == query.name,
      offset + 4 <= message.byteCount,
      message.bigEndian(at: offset, as: UInt16.self) == query.kind.rawValue,
      message.bigEndian(at: offset + 2, as: UInt16.self) == Self.internet
    else { return nil }
    switch flags & 15 {
    case 0:
      if flags & 0x0200 != 0 {
        self = .truncated
        return
      }
      let count = Int(message.bigEndian(at: 6, as: UInt16.self))
      guard let records = Self.records(message, at: offset + 4, count: count, query.kind) else {
        self = .failed
        return
      }
      let addresses = Self.follow(records, from: name)
      self = addresses.isEmpty ? .noAddress : .addresses(addresses)
    case 1, 4: self = .notUnderstood
    case 3: self = .noSuchName
    default: self = .failed
    }
  }

  /// A record that matters.
  private struct Record {
    let owner: DomainName
    let address: IPAddress?
    let alias: DomainName?
  }

  /// Nil when one is malformed.
  private static func records(
    _ message: RawSpan, at start: Int, count: Int, _ kind: NameQuery.Kind
  ) -> [Record]? {
    var records: [Record] = []
    var offset = start
    for _ in 0..<count {
      guard let owner = DomainName(message, at: &offset), offset + 10 <= message.byteCount else {
        return nil
      }
      let type: UInt16 = message.bigEndian(at: offset)
      let isInternet = message.bigEndian(at: offset + 2, as: UInt16.self) == internet
      let size = Int(message.bigEndian(at: offset + 8, as: UInt16.self))
      offset += 10
      guard offset + size <= message.byteCount else { return nil }
      if isInternet, type == kind.rawValue {
        guard size == (kind == .a ? 4 : 16) else { return nil }
        let address =
          kind == .a
          ? IPAddress(IPv4Address(message, at: offset))
          : IPAddress(IPv6Address(message, at: offset))
        records.append(Record(owner: owner, address: address, alias: nil))
      } else if isInternet, type == 5 {
        var position = offset
        guard let alias = DomainName(message, at: &position), position == offset + size else {
          return nil
        }
        records.append(Record(owner: owner, address: nil, alias: alias))
      }
      offset += size
    }
    return records
  }

  /// The addresses of a name, or of what it is an alias for. Records of other names are nobody's
  /// business.
  private static func follow(_ records: [Record], from start: DomainName) -> [IPAddress] {
    var name = start
    var addresses: [IPAddress] = []
    for _ in 0...aliasLimit {
      var alias: DomainName?
      for record in records where record.owner == name {
        if let address = record.address, addresses.count < addressLimit,
          !addresses.contains(address)
        {
          addresses.append(address)
        }
        if let target = record.alias { alias = target }
      }
      guard addresses.isEmpty, let alias else { break }
      name = alias
    }
    return addresses
  }
}
