// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import HTTPCore
import Testing

/// Requests kept as files. `invalid/400-NAME.http` is refused with that status, `valid/2-NAME.http`
/// is so many whole requests and nothing else.
@Suite struct CorpusTests {
  struct Example: CustomTestStringConvertible, Sendable {
    let name: String
    let number: Int
    let bytes: [UInt8]
    var testDescription: String { name }
  }

  static func examples(_ kind: String) -> [Example] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/\(kind)")
    let files = try! FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return files.filter { $0.pathExtension == "http" }.map {
      let name = $0.deletingPathExtension().lastPathComponent
      return Example(
        name: name, number: Int(name.prefix { $0.isNumber })!,
        bytes: Array(try! Data(contentsOf: $0)))
    }.sorted { $0.name < $1.name }
  }

  @Test func isLarge() {
    #expect(Self.examples("valid").count >= 30)
    #expect(Self.examples("invalid").count >= 100)
  }

  @Test(
    "RFC 9112 section 11.2: what readers could understand differently is refused",
    arguments: examples("invalid"))
  func invalid(_ example: Example) {
    let whole = Conversation(example.bytes)
    #expect(failure(whole).map { Int($0.status.rawValue) } == example.number)
    checkPieces(of: example, whole)
  }

  @Test("RFC 9112 section 2: what is right is taken", arguments: examples("valid"))
  func valid(_ example: Example) {
    let whole = Conversation(example.bytes)
    #expect(whole.ending == .betweenRequests)
    #expect(whole.requests.count == example.number)
    #expect(whole.consumedByteCount == example.bytes.count)
    checkPieces(of: example, whole)
  }

  @Test("RFC 9112 section 2: a request that is cut is not taken", arguments: examples("valid"))
  func cut(_ example: Example) {
    for count in 0..<example.bytes.count {
      let part = Conversation(Array(example.bytes[..<count]))
      #expect(failure(part) == nil)
      #expect(part.requests.count < example.number || part.ending == .inBody)
    }
  }

  /// Byte by byte, and in two pieces at every place (in long examples: at some places).
  private func checkPieces(of example: Example, _ whole: Conversation) {
    let count = example.bytes.count
    let isSame = Conversation(example.bytes, splits: Array(0..<count)) == whole
    #expect(isSame, "byte by byte")
    for split in stride(from: 0, to: count, by: count > 2000 ? 61 : 1)
    where Conversation(example.bytes, splits: [split]) != whole {
      Issue.record("split at \(split)")
    }
  }
}
