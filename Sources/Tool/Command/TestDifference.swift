// SPDX-License-Identifier: BSD-3-Clause

/// Says where two byte strings part, in few lines.
enum TestDifference {
  static func describe(_ what: String, found: [UInt8], wanted: [UInt8]) -> String {
    let offset = zip(found, wanted).prefix { $0 == $1 }.count
    let line = wanted.prefix(offset).count { $0 == 10 } + 1
    return """
      \(what) differs at byte \(offset), line \(line) (\(found.count) bytes, not \(wanted.count))
        found:  \(excerpt(found, offset))
        wanted: \(excerpt(wanted, offset))
      """
  }

  /// The line around an offset, with what cannot be printed escaped.
  private static func excerpt(_ bytes: [UInt8], _ offset: Int) -> String {
    let start = bytes.prefix(offset).lastIndex(of: 10).map { $0 + 1 } ?? 0
    let from = max(start, offset - 60)
    let text = String(decoding: bytes[from..<min(bytes.count, offset + 120)], as: UTF8.self)
    return text.isEmpty
      ? "(the end)"
      : "\""
        + text.split(separator: "\n", maxSplits: 1)
        .prefix(1).joined().debugEscaped + "\""
  }
}

extension String {
  fileprivate var debugEscaped: String {
    unicodeScalars.map {
      $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : "\($0)"
    }
    .joined()
  }
}
