// SPDX-License-Identifier: BSD-3-Clause

/// Unsafe code is in Sources/Machine only, and each use of it there has a reason.
enum SafetyRule {
  /// A word that gives up a promise of the language, with its line.
  struct Use: Equatable {
    let word: String
    let line: Int
  }

  /// Every unsafe word of the source, comments and strings aside.
  static func uses(in source: SourceText) -> [Use] {
    source.code.indices.flatMap { index in
      source.words(ofLine: index).filter { isUnsafe($0, in: source.code[index]) }.map {
        Use(word: String($0), line: index + 1)
      }
    }
  }

  private static func isUnsafe(_ word: Substring, in line: String) -> Bool {
    if word == "safe" || word == "unchecked" { return line.contains("@\(word)") }
    return word.hasPrefix("unsafe") || word.hasPrefix("_unsafe") || word.hasPrefix("Unsafe")
      || word.hasPrefix("withUnsafe") || word.hasPrefix("_withUnsafe")
  }

  /// The uses that no `SAFETY:` or `- Safety:` explains: none on the line, above it in the same
  /// declaration, or in the comment of that declaration. `SAFETY (all below):` explains the rest of
  /// the scope that it stands in.
  static func unexplained(in source: SourceText) -> [Use] {
    uses(in: source).filter {
      !isExplained($0.line - 1, in: source) && !isCovered($0.line - 1, in: source)
    }
  }

  private static func isExplained(_ line: Int, in source: SourceText) -> Bool {
    if isReason(source.lines[line]) { return true }
    // A type may say its reason as the first thing in its body.
    if isDeclaration(source.code[line]), line + 1 < source.lines.count,
      isReason(source.lines[line + 1])
    {
      return true
    }
    var indentation = indent(source.lines[line])
    var isInHeader = isDeclaration(source.code[line])
    var index = line - 1
    while index >= 0 {
      let text = source.lines[index]
      if isReason(text) { return true }
      let isBlank = text.allSatisfy { $0 == " " }
      let isCode = source.code[index].contains { $0 != " " }
      if isInHeader {
        // The comment and the attributes right above the declaration, nothing further.
        if isBlank || isCode && !text.drop(while: { $0 == " " }).hasPrefix("@") { return false }
      } else if isCode, indent(text) < indentation {
        indentation = indent(text)
        isInHeader = isDeclaration(source.code[index])
      }
      index -= 1
    }
    return false
  }

  /// Whether a `SAFETY (all below):` stands above in a scope that is still open.
  private static func isCovered(_ line: Int, in source: SourceText) -> Bool {
    var outermost = indent(source.lines[line])
    for index in stride(from: line - 1, through: 0, by: -1) {
      let text = source.lines[index]
      if text.contains("SAFETY (all below)"), indent(text) <= outermost { return true }
      if source.code[index].contains(where: { $0 != " " }) {
        outermost = min(outermost, indent(text))
      }
    }
    return false
  }

  private static func isReason(_ text: String) -> Bool {
    text.contains("SAFETY:") || text.contains("- Safety:")
  }

  private static func indent(_ text: String) -> Int { text.prefix { $0 == " " }.count }

  private static func isDeclaration(_ code: String) -> Bool {
    let words = code.split { !($0.isLetter || $0 == "_") }
    let kinds: Set<Substring> = [
      "func", "init", "deinit", "subscript", "struct", "class", "enum", "extension", "protocol",
      "actor",
    ]
    if words.contains(where: kinds.contains) { return true }
    // A property with a body is a declaration; a local constant is a statement.
    let isProperty = words.contains("var") || words.contains("let")
    let modifiers: Set<Substring> = ["public", "internal", "package", "private", "static"]
    return isProperty && (words.contains(where: modifiers.contains) || code.hasSuffix("{"))
  }
}
