// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport
import Yams

/// A `tests.yaml`: tests of the application in its folder, or of another.
///
/// ```yaml
/// prepare: ./make-database          # optional: a shell script, run once in the folder
/// tests:
///   - name: adds
///     arguments: [":memory:", "select 1+1;"]
///     output: "2\n"
/// ```
struct TestFile: Codable {
  var prepare: String?
  var tests: [TestCase]

  /// The folder of the file; set after decoding.
  var folder = ""

  private enum CodingKeys: String, CodingKey, CaseIterable { case prepare, tests }

  /// Reads all files of that name one level below `parent`, sorted by folder.
  static func all(in parent: String, named name: String) throws -> [TestFile] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    return try folders.sorted().map { "\(parent)/\($0)" }
      .filter { Paths.isFile("\($0)/\(name)") }
      .map { try read("\($0)/\(name)", folder: $0) }
  }

  static func read(_ path: String, folder: String) throws -> TestFile {
    do {
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try refuseUnknownKeys(in: try Yams.compose(yaml: text), path: path)
      var file = try YAMLDecoder().decode(TestFile.self, from: text)
      file.folder = folder
      return file
    } catch let error as ToolError {
      throw error
    } catch {
      throw ToolError("not a list of tests: \(error)", at: path)
    }
  }

  /// Decoding skips keys that it does not know; a misspelt check would never fail.
  private static func refuseUnknownKeys(in root: Node?, path: String) throws {
    func check(_ node: Node?, _ known: [String]) throws {
      guard case .mapping(let mapping)? = node else { return }
      for (key, _) in mapping where !known.contains(key.string ?? "") {
        let mark = key.mark.map { ":\($0.line):\($0.column)" } ?? ""
        throw ToolError(
          "unknown key '\(key.string ?? "?")'", at: path + mark,
          advice: "The keys are \(known.joined(separator: ", ")).")
      }
    }
    try check(root, CodingKeys.allCases.map(\.rawValue))
    if case .sequence(let tests)? = root?["tests"] {
      for test in tests { try check(test, TestCase.CodingKeys.allCases.map(\.rawValue)) }
    }
  }

  /// The tests, each under the folder's name; the preparation runs before the first.
  func runnable() throws -> [RunnableTest] {
    let topic = (folder as NSString).lastPathComponent
    let preparation = Preparation(script: prepare, folder: folder)
    return tests.map { test in
      RunnableTest(name: "\(topic)/\(test.name)") { [folder] in
        try await preparation.finish()
        return try await test.run(in: folder)
      }
    }
  }
}

/// The script before the tests of one file, run once however many tests wait for it.
private actor Preparation {
  private let script: String?
  private let folder: String
  private var task: Task<Void, any Error>?

  init(script: String?, folder: String) {
    self.script = script
    self.folder = folder
  }

  func finish() async throws {
    guard let script else { return }
    let running =
      task
      ?? Task { [folder] in
        _ = try await ExternalCommand("bash", ["-euc", script], in: folder)
          .runChecked("the preparation of the tests")
      }
    task = running
    try await running.value
  }
}
