// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// One program of `Tests/Guest/Programs` and the comments in its first lines that say how to build
/// and run it; see the README there.
struct ConformanceProgram: Sendable {
  /// A language that the programs are written in, by the ending of the file.
  enum Language: String, Sendable, CaseIterable {
    case c
    case cxx = "cpp"
    case assembly = "S"
  }

  let name: String
  let source: String
  let language: Language
  let flags: [String]
  let arguments: [String]
  let input: [UInt8]
  /// For `martlet run`.
  let options: [String]
  /// The folder of the guest that is a volume in the variant `volume`, which links statically.
  let volume: String?
  /// `static`, `dynamic` or both, and `volume`.
  let variants: [String]
  /// What the program ends with on Linux, 128 + n for signal n.
  let status: Int32
  /// The compiler instead of the language's own.
  private let compiler: String?

  private static let keys: [Substring] = [
    "flags", "arguments", "input", "options", "link", "status", "compiler",
    "volume",
  ]

  init(path: String) throws {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw ToolError("cannot read the program", at: path)
    }
    guard let language = Language(rawValue: (path as NSString).pathExtension) else {
      throw ToolError(
        "a program of the tests is C (.c), C++ (.cpp) or assembly (.S)", at: path)
    }
    var values: [Substring: String] = [:]
    for line in text.split(separator: "\n").prefix(20) {
      for key in Self.keys where line.hasPrefix("// \(key): ") {
        values[key] = String(line.dropFirst(key.count + 5))
      }
    }
    func words(_ key: Substring) -> [String] {
      (values[key] ?? "").split(separator: " ").map(String.init)
    }
    guard let status = Int32(values["status"] ?? "0") else {
      throw ToolError("'// status:' needs a number", at: path)
    }
    name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    source = path
    self.language = language
    flags = words("flags")
    arguments = words("arguments")
    input = Self.input(values["input"])
    options = words("options")
    volume = values["volume"]
    variants =
      (values["link"].map { [$0] } ?? ["static", "dynamic"]) + (volume == nil ? [] : ["volume"])
    self.status = status
    compiler = values["compiler"]
  }

  /// A line of text, or after `bytes` a count of fixed noise: every value, no short period.
  private static func input(_ text: String?) -> [UInt8] {
    guard let text else { return [] }
    let words = text.split(separator: " ")
    guard words.count == 2, words[0] == "bytes", let count = Int(words[1]) else {
      return Array(text.utf8) + [10]
    }
    var state: UInt64 = 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  /// What a dynamic variant needs in its root.
  var packages: [String] {
    language == .cxx ? ["libc6", "libstdc++6", "libgcc-s1"] : ["libc6"]
  }

  /// The compiler's command.
  func compilation(to binary: String, isStatic: Bool) -> [String] {
    let common =
      ["-O1", "-Wall", "-o", binary, source] + (isStatic ? ["-static"] : []) + flags
    switch language {
    case .c: return [compiler ?? "cc", "-std=gnu17"] + common
    case .cxx: return [compiler ?? "g++", "-std=gnu++20"] + common
    case .assembly: return [compiler ?? "cc"] + common
    }
  }
}
