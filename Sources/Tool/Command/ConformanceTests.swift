// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// `Tests/Guest/Programs/*.c`: each is compiled once, statically and dynamically, and run natively
/// and in the guest; output, errors and status must be the same.
///
/// Comments in a program's first lines say how: `// flags: -pthread`, `// arguments: a b`,
/// `// input: text`, `// options: --memory 64M`, `// link: static` (that variant only).
enum ConformanceTests {
  private struct Program: Sendable {
    var name: String
    var source: String
    var flags: [String]
    var arguments: [String]
    var input: [UInt8]
    var options: [String]
    var variants: [String]
  }

  /// What both sides see; the guest adds nothing of its own.
  private static let environment = [
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
  ]

  /// Compiles what has changed and returns the tests.
  static func prepared(filter: String?) async throws -> [RunnableTest] {
    let folder = "\(Repository.root)/Tests/Guest/Programs"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var tests: [RunnableTest] = []
    for name in names.filter({ $0.hasSuffix(".c") }).sorted() {
      let program = try read("\(folder)/\(name)")
      for variant in program.variants {
        let test = "programs/\(program.name)-\(variant)"
        if let filter, !test.contains(filter) { continue }
        tests.append(RunnableTest(name: test) { try await compare(program, variant) })
      }
    }
    return tests
  }

  private static func read(_ path: String) throws -> Program {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw ToolError("cannot read the program", at: path)
    }
    var values: [Substring: String] = [:]
    for line in text.split(separator: "\n").prefix(20) {
      for key in ["flags", "arguments", "input", "options", "link"] as [Substring]
      where line.hasPrefix("// \(key): ") {
        values[key] = String(line.dropFirst(key.count + 5))
      }
    }
    func words(_ key: Substring) -> [String] {
      (values[key] ?? "").split(separator: " ").map(String.init)
    }
    let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    return Program(
      name: name, source: path, flags: words("flags"), arguments: words("arguments"),
      input: values["input"].map { Array($0.utf8) + [10] } ?? [], options: words("options"),
      variants: values["link"].map { [$0] } ?? ["static", "dynamic"])
  }

  private static func compare(_ program: Program, _ variant: String) async throws -> TestOutcome {
    let folder = "\(Repository.root)/.build/programs/\(program.name)-\(variant)"
    let binary = "\(folder)/root/programs/\(program.name)"
    try await compile(program, variant, folder: folder, binary: binary)
    let place = "\(folder)/work"
    try? FileManager.default.removeItem(atPath: place)
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let settings = environment.map { "\($0)=\($1)" }.sorted()
    // The same path, so that argv[0] is the same: a private mount would need root.
    let native = try await ExternalCommand(
      "timeout",
      ["120", "env", "-i", "-C", place] + settings
        + ["bash", "-c", "exec -a \"$0\" \"$@\"", "/programs/\(program.name)", binary]
        + program.arguments,
      input: program.input
    ).run()
    let guest = try await ExternalCommand(
      TestCase.tool,
      ["run", "--timeout", "120"] + program.options + [folder, "--"] + program.arguments,
      input: program.input
    ).run()
    var differences: [String] = []
    if guest.status != native.status {
      differences.append("status \(guest.status), Linux has \(native.status)")
    }
    if guest.standardOutput != native.standardOutput {
      differences.append(
        TestDifference.describe(
          "output", found: guest.standardOutput, wanted: native.standardOutput))
    }
    // A fatal signal makes the kernel say so, which Linux leaves to the shell.
    if native.status < 128, guest.standardError != native.standardError {
      differences.append(
        TestDifference.describe("errors", found: guest.standardError, wanted: native.standardError))
    } else if !differences.isEmpty, !guest.errorText.isEmpty {
      differences.append("errors: \(guest.errorText.suffix(1500))")
    }
    return differences.isEmpty
      ? .passed(claims: 1) : .failed(differences.joined(separator: "\n"))
  }

  private static func compile(
    _ program: Program, _ variant: String, folder: String, binary: String
  ) async throws {
    let files = FileManager.default
    try files.createDirectory(
      atPath: (binary as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    let isStatic = variant == "static"
    let plan = """
      # Written by `martlet test`.
      name: \(program.name)-\(variant)
      kind: linux
      root:
      \(isStatic ? "" : "  - debian: [libc6]\n")  - directory: root
      command: [/programs/\(program.name)]
      """
    try Data(plan.utf8).write(to: URL(fileURLWithPath: "\(folder)/martlet.yaml"))
    func changed(_ path: String) -> Date? {
      try? files.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
    if let built = changed(binary), let source = changed(program.source), built > source { return }
    try await ExternalCommand(
      "cc",
      ["-O1", "-std=gnu17", "-Wall", "-o", binary, program.source] + (isStatic ? ["-static"] : [])
        + program.flags
    ).runChecked("compiling \(program.name).c (\(variant))")
  }
}
