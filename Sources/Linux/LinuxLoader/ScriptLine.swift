// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The first line of a script: `#!INTERPRETER [ARGUMENT]` (`execve(2)`, "Interpreter scripts").
struct ScriptLine: Equatable {
  /// What Linux reads of the line (`BINPRM_BUF_SIZE`).
  static let byteLimit = 256

  let interpreter: [UInt8]
  /// All that follows, as one argument, without surrounding blanks.
  let argument: [UInt8]?

  /// Nil when the bytes do not begin with `#!` or name nothing, or when the name is cut off.
  init?(parsing bytes: RawSpan) {
    let limit = min(bytes.byteCount, Self.byteLimit)
    guard limit > 2, bytes.byte(at: 0) == UInt8(ascii: "#"), bytes.byte(at: 1) == UInt8(ascii: "!")
    else { return nil }
    var line: [UInt8] = []
    var isWhole = limit < Self.byteLimit
    for offset in 2..<limit {
      let byte = bytes.byte(at: offset)
      if byte == UInt8(ascii: "\n") || byte == 0 {
        isWhole = true
        break
      }
      line.append(byte)
    }
    while let last = line.last, Self.isBlank(last) { line.removeLast() }
    var start = 0
    while start < line.count && Self.isBlank(line[start]) { start += 1 }
    var end = start
    while end < line.count && !Self.isBlank(line[end]) { end += 1 }
    guard end > start, isWhole || end < line.count else { return nil }
    interpreter = Array(line[start..<end])
    var rest = end
    while rest < line.count && Self.isBlank(line[rest]) { rest += 1 }
    argument = rest < line.count ? Array(line[rest...]) : nil
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}
