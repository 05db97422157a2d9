// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// What is wrong with a zone file, and where.
public struct ZoneError: Error, Equatable, Sendable {
  public enum Problem: UInt8, CaseIterable, Sendable {
    case openParenthesis, closedParenthesis, openQuote, badEscape, include, unknownDirective
    case noOwner, noOrigin, badName, longName, emptyLabel, noLifetime, badLifetime, otherClass
    case noType, unknownType, tooFew, tooMany, notAddress, notAddress6, notNumber, longText
    case notTag, badGeneric, longData, noServers, noStart, secondStart, startBelow
    case aliasAndOthers, secondAlias, outside, notSuchType
  }

  public let problem: Problem
  /// From 1.
  public let line: Int
  /// The word that is wrong; empty when it is what is missing.
  public let found: [UInt8]

  init(_ problem: Problem, line: Int, found: ArraySlice<UInt8> = []) {
    self.problem = problem
    self.line = line
    self.found = Array(found)
  }

  /// Appends `LINE: what is wrong, and what to do`.
  public func appendText(to text: inout [UInt8]) {
    text.append(decimal: line)
    text.append(": ")
    if !found.isEmpty {
      text.append("'")
      for byte in found.prefix(60) {
        text.append(byte >= 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?"))
      }
      text.append("': ")
    }
    text.append(problem.advice)
  }
}

extension ZoneError.Problem {
  /// What is wrong and what to do.
  var advice: StaticString {
    switch self {
    case .openParenthesis: "this parenthesis is not closed; write ')' behind the record"
    case .closedParenthesis: "no parenthesis is open here; take it away"
    case .openQuote: "the quotation does not end on this line; close it with '\"'"
    case .badEscape: "behind a backslash goes one character, or three digits from 000 to 255"
    case .include: "$INCLUDE is not supported; put the other file's lines in its place"
    case .unknownDirective: "there are $ORIGIN and $TTL; write one of them"
    case .noOwner: "the first record has no name; begin its line with one, or with @"
    case .noOrigin: "a name without a dot at its end needs $ORIGIN before it, or the zone's name"
    case .badName: "this is no name; labels stand between single dots"
    case .longName: "a label has at most 63 bytes, and a name 255; make it shorter"
    case .emptyLabel: "two dots without a label between them; take one away"
    case .noLifetime: "the record has no time to live; write $TTL above it, or a number in it"
    case .badLifetime: "a time is a number of seconds up to 2147483647, or such as 1h30m"
    case .otherClass: "only the class IN is served; write IN, or nothing"
    case .noType: "the record has no type; write one such as A behind its name"
    case .unknownType:
      "the types are SOA NS A AAAA CNAME MX TXT PTR SRV CAA; write others as TYPE123 \\# LENGTH HEX"
    case .notSuchType: "no record can have this type; it is for questions"
    case .tooFew: "the record's data ends too early; write what is missing"
    case .tooMany: "the record's data ends before this; take it away"
    case .notAddress: "write an address such as 192.0.2.1"
    case .notAddress6: "write an address such as 2001:db8::1"
    case .notNumber: "this is no number, or too large"
    case .longText: "a text has at most 255 bytes; split it into several in quotes"
    case .notTag: "a CAA tag has letters and digits only, such as issue"
    case .badGeneric: "write \\#, the number of bytes, and that many as pairs of hexadecimal digits"
    case .longData: "a record holds at most 65535 bytes; make it shorter"
    case .noServers: "the zone's own name has no NS record; add one"
    case .noStart: "the zone has no SOA record; begin it with one"
    case .secondStart: "the zone has a SOA record already; take one of the two away"
    case .startBelow: "a SOA record belongs to the zone's own name only; take it away"
    case .aliasAndOthers: "a name with a CNAME record has no others (RFC 1034 section 3.6.2)"
    case .secondAlias: "a name has one CNAME record at most; take one of the two away"
    case .outside: "the name is outside the zone; the record is left out"
    }
  }
}
