// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// `Tests/Guest/Programs`: each program is compiled statically and dynamically, once, and run
/// natively and in the guest; output, errors and status must be the same, and no claim may fail.
enum ConformanceTests {
  /// What both sides see; the guest adds nothing of its own.
  private static let environment = [
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
  ]

  /// Compiles what has changed and returns the tests.
  static func prepared(filter: String?) async throws -> [RunnableTest] {
    let folder = "\(Repository.root)/Tests/Guest/Programs"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var tests: [RunnableTest] = []
    let endings = ConformanceProgram.Language.allCases.map { ".\($0.rawValue)" }
    for name in names.filter({ name in endings.contains(where: name.hasSuffix) }).sorted() {
      let program = try ConformanceProgram(path: "\(folder)/\(name)")
      for variant in program.variants {
        let test = "programs/\(program.name)-\(variant)"
        if let filter, !test.contains(filter) { continue }
        tests.append(RunnableTest(name: test) { try await compare(program, variant) })
      }
    }
    return tests
  }

  private static func compare(
    _ program: ConformanceProgram, _ variant: String
  ) async throws -> TestOutcome {
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
    var options = program.options
    if variant == "volume", let path = program.volume {
      try FileManager.default.createDirectory(
        atPath: "\(place)/volume", withIntermediateDirectories: true)
      options += ["-v", "\(place)/volume:\(path)"]
    }
    let guest = try await ExternalCommand(
      TestCase.tool,
      ["run", "--timeout", "120"] + options + [folder, "--"] + program.arguments,
      input: program.input
    ).run()
    var differences: [String] = []
    // What both get wrong in the same way is wrong all the same.
    if native.status != program.status {
      differences.append("Linux ends it with \(native.status), not \(program.status)")
    }
    differences += guest.text.split(separator: "\n").filter { $0.hasPrefix("not ok") }.map {
      "a claim fails: \($0)"
    }
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
    _ program: ConformanceProgram, _ variant: String, folder: String, binary: String
  ) async throws {
    let files = FileManager.default
    try files.createDirectory(
      atPath: (binary as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    let isStatic = variant != "dynamic"
    let plan = """
      # Written by `martlet test`.
      name: \(program.name)-\(variant)
      kind: linux
      root:
      \(isStatic ? "" : "  - debian: [\(program.packages.joined(separator: ", "))]\n")  - directory: root
      command: [/programs/\(program.name)]
      """
    try Data(plan.utf8).write(to: URL(fileURLWithPath: "\(folder)/martlet.yaml"))
    func changed(_ path: String) -> Date? {
      try? files.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
    if let built = changed(binary), let source = changed(program.source), built > source { return }
    let words = program.compilation(to: binary, isStatic: isStatic)
    try await ExternalCommand(words[0], Array(words.dropFirst()))
      .runChecked("compiling \((program.source as NSString).lastPathComponent) (\(variant))")
  }
}
