// SPDX-License-Identifier: BSD-3-Clause

/// A Swift source with its comments and strings blanked out, so that words can be looked for.
struct SourceText {
  /// The lines as they are.
  let lines: [String]
  /// The same lines with spaces for comments and for the contents of strings.
  let code: [String]

  init(_ text: String) {
    lines = Self.split(text)
    var scanner = Scanner(bytes: Array(text.utf8))
    code = Self.split(String(decoding: scanner.blanked(), as: UTF8.self))
  }

  /// Each identifier of line `index`, in order.
  func words(ofLine index: Int) -> [Substring] {
    code[index].split { !($0.isLetter || $0.isNumber || $0 == "_") }
  }

  private static func split(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Walks over the bytes once and knows whether it is in code, a comment or a string.
  private struct Scanner {
    var bytes: [UInt8]
    var at = 0

    mutating func blanked() -> [UInt8] {
      while at < bytes.count { code(untilParenthesis: false) }
      return bytes
    }

    private func matches(_ text: StaticString) -> Bool {
      let wanted = Array("\(text)".utf8)
      return at + wanted.count <= bytes.count && Array(bytes[at..<at + wanted.count]) == wanted
    }

    private mutating func blank(_ count: Int = 1) {
      for _ in 0..<count where at < bytes.count {
        if bytes[at] != 10 { bytes[at] = 32 }
        at += 1
      }
    }

    /// Code, to the end of the text or to the parenthesis that closes an interpolation.
    private mutating func code(untilParenthesis: Bool) {
      var depth = 0
      while at < bytes.count {
        if matches("//") {
          while at < bytes.count, bytes[at] != 10 { blank() }
        } else if matches("/*") {
          comment()
        } else if matches("\"") || matches("#\"") || matches("##\"") {
          string()
        } else {
          if bytes[at] == UInt8(ascii: "(") { depth += 1 }
          if bytes[at] == UInt8(ascii: ")") {
            if untilParenthesis, depth == 0 { return }
            depth -= 1
          }
          at += 1
        }
      }
    }

    private mutating func comment() {
      var depth = 0
      repeat {
        if matches("/*") {
          depth += 1
          blank(2)
        } else if matches("*/") {
          depth -= 1
          blank(2)
        } else {
          blank()
        }
      } while depth > 0 && at < bytes.count
    }

    private mutating func string() {
      var hashes = 0
      while matches("#") {
        hashes += 1
        blank()
      }
      let quotes = matches("\"\"\"") ? 3 : 1
      blank(quotes)
      let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
      while at < bytes.count {
        if bytes[at...].starts(with: escape) {
          blank(escape.count)
          if matches("(") {
            at += 1
            code(untilParenthesis: true)
            at += 1
          } else {
            blank()
          }
        } else if closes(quotes, hashes) {
          blank(quotes + hashes)
          return
        } else if quotes == 1, bytes[at] == 10 {
          return
        } else {
          blank()
        }
      }
    }

    private func closes(_ quotes: Int, _ hashes: Int) -> Bool {
      let end =
        [UInt8](repeating: UInt8(ascii: "\""), count: quotes)
        + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
      return bytes[at...].starts(with: end)
    }
  }
}
