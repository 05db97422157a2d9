// SPDX-License-Identifier: BSD-3-Clause

/// Reads a zone file (RFC 1035 section 5, RFC 2308 section 4, RFC 3597 section 5).
public struct ZoneParser {
  private struct Record {
    var name: DomainName
    var type: RecordType
    /// Nil: that of the SOA record.
    var lifetime: UInt32?
    var data: [UInt8]
    var line: Int
  }

  private var lexer: ZoneLexer
  private var origin: DomainName?
  private var owner: DomainName?
  private var usualLifetime: UInt32?
  private var lastLifetime: UInt32?
  private var records: [Record] = []
  /// Records that were left out, with the reason.
  public private(set) var warnings: [ZoneError] = []

  /// - Parameters:
  ///   - text: the file.
  ///   - origin: what names without a dot at their end are below, until `$ORIGIN` says so; nil when
  ///     only the file says it.
  public init(_ text: [UInt8], origin: DomainName? = nil) {
    lexer = ZoneLexer(text)
    self.origin = origin
  }

  /// Reads the whole file.
  ///
  /// - Throws: the first error, with its line.
  public mutating func parse() throws(ZoneError) -> Zone {
    while let entry = try lexer.next() {
      if entry.words[0].text.first == UInt8(ascii: "$"), entry.hasOwner {
        try directive(entry)
      } else {
        try record(entry)
      }
    }
    return try zone()
  }

  private mutating func directive(_ entry: ZoneEntry) throws(ZoneError) {
    var words = ZoneWords(entry, from: 1)
    let name = entry.words[0]
    if name.text.holds("$origin") {
      origin = try words.name(origin)
    } else if name.text.holds("$ttl") {
      usualLifetime = try words.lifetime()
    } else if name.text.holds("$include") {
      throw ZoneError(.include, line: name.line)
    } else {
      throw ZoneError(.unknownDirective, line: name.line, found: name.text)
    }
    try words.expectEnd()
  }

  /// `[NAME] [TTL] [CLASS] TYPE DATA`, time and class in any order.
  private mutating func record(_ entry: ZoneEntry) throws(ZoneError) {
    var words = ZoneWords(entry, from: 0)
    if entry.hasOwner { owner = try words.name(origin) }
    guard let owner else { throw ZoneError(.noOwner, line: entry.line) }
    var lifetime: UInt32?
    var hasClass = false
    while let word = words.peek {
      if lifetime == nil, !word.isQuoted, let first = word.text.first, (0x30...0x39).contains(first)
      {
        lifetime = try words.lifetime()
      } else if !hasClass, word.text.holds("in") || word.text.holds("class1") {
        hasClass = true
        words.skip()
      } else {
        break
      }
    }
    guard let word = words.peek else { throw ZoneError(.noType, line: entry.line) }
    words.skip()
    guard let type = RecordType(text: word.text) else {
      let isClass =
        word.text.holds("ch") || word.text.holds("hs") || word.text.holds("cs")
        || word.text.prefix(5).holds("class")
      throw ZoneError(isClass ? .otherClass : .unknownType, line: word.line, found: word.text)
    }
    guard !type.isMeta else { throw ZoneError(.notSuchType, line: word.line, found: word.text) }
    if let lifetime { lastLifetime = lifetime }
    let data = try words.data(of: type, origin: origin)
    try words.expectEnd()
    records.append(
      Record(
        name: owner, type: type, lifetime: lifetime ?? usualLifetime ?? lastLifetime, data: data,
        line: entry.line))
  }

  /// Puts all records into the zone that the SOA record names.
  private mutating func zone() throws(ZoneError) -> Zone {
    guard let start = records.first(where: { $0.type == .soa }) else {
      throw ZoneError(.noStart, line: max(1, records.last?.line ?? 1))
    }
    let zone = Zone(origin: start.name)
    for record in records {
      var lifetime = record.lifetime
      if lifetime == nil, record.type == .soa { lifetime = SOAData.minimum(record.data) }
      guard let lifetime else { throw ZoneError(.noLifetime, line: record.line) }
      guard
        let conflict = zone.add(record.name, record.type, lifetime: lifetime, data: record.data)
      else { continue }
      var name: [UInt8] = []
      record.name.appendText(to: &name)
      let problem: ZoneError.Problem =
        switch conflict {
        case .outside: .outside
        case .cnameAndOthers: .aliasAndOthers
        case .secondCNAME: .secondAlias
        case .secondSOA: .secondStart
        case .soaBelow: .startBelow
        }
      let error = ZoneError(problem, line: record.line, found: name[...])
      guard problem == .outside else { throw error }
      warnings.append(error)
    }
    guard zone.apex.set(.ns) != nil else { throw ZoneError(.noServers, line: start.line) }
    return zone
  }
}
