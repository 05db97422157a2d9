// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// Compiles the sources of a C application against musl's headers.
struct CCompiler {
  /// Where Debian's musl-dev has its headers and libraries.
  static let headers = "/usr/include/x86_64-linux-musl"
  static let libraries = "/usr/lib/x86_64-linux-musl"

  private static let name = "gcc"

  /// Options that every object of a program in an image needs: addresses below 2 GiB, sections that
  /// the linker can leave out one by one, stack canaries, and no tables of C++ exceptions.
  private static let options = [
    "-O2", "-g1", "-fno-pic", "-fno-pie", "-fstack-protector-strong", "-ffunction-sections",
    "-fdata-sections", "-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-fno-common",
    "-nostdinc",
  ]

  /// The folder in which the sources lie.
  let folder: String
  let sources: CSources
  /// The application's own folder, which may have headers for sources from elsewhere.
  let ownFolder: String

  static func check() throws {
    guard Paths.isFile("\(libraries)/libc.a") else {
      throw ToolError(
        "the C library musl is not installed",
        advice: "Install it: apt-get install musl-tools; or run ./martlet doctor.")
    }
  }

  /// The sources that the patterns name, sorted, relative to the folder.
  func files(at file: String) throws -> [String] {
    let all = try FileManager.default.subpathsOfDirectory(atPath: folder)
    var chosen: Set<String> = []
    for pattern in sources.patterns {
      let isExclusion = pattern.hasPrefix("!")
      let glob = isExclusion ? String(pattern.dropFirst()) : pattern
      let matching = all.filter { fnmatch(glob, $0, FNM_PATHNAME | FNM_PERIOD) == 0 }
      guard !matching.isEmpty else {
        throw ToolError(
          "no source is named '\(glob)'", at: file, advice: "It is looked for in \(folder).")
      }
      chosen = isExclusion ? chosen.subtracting(matching) : chosen.union(matching)
    }
    let found = chosen.filter { $0.hasSuffix(".c") || $0.hasSuffix(".S") || $0.hasSuffix(".s") }
      .sorted()
    guard !found.isEmpty else {
      throw ToolError(
        "the application has no C source", at: file, advice: "Sources end in .c or .S.")
    }
    return found
  }

  /// Compiles each file to `output/NUMBER.o`, two at a time. What the compiler says of a file that
  /// does not compile is the error.
  func compile(_ files: [String], to output: String, progress: ToolSupport.Progress) async throws
    -> [String]
  {
    let includes = (["."] + sources.includes).flatMap { ["-I", "\(folder)/\($0)"] }
    let system = ["-isystem", Self.headers, "-isystem", try await compilerHeaders()]
    let common = Self.options + system + includes + ["-I", ownFolder] + sources.flags
    let objects = files.indices.map { "\(output)/\($0).o" }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, file) in files.enumerated() {
        if index >= 2 { try await group.next() }
        progress.detail("compiling \(file), \(index + 1) of \(files.count)")
        let arguments = common + ["-c", "\(folder)/\(file)", "-o", objects[index]]
        group.addTask { try await Self.run(arguments, file: file) }
      }
      try await group.waitForAll()
    }
    return objects
  }

  private static func run(_ arguments: [String], file: String) async throws {
    let result = try await ExternalCommand(name, arguments, environment: ["LC_ALL": "C"]).run()
    guard result.isSuccess else {
      let text = result.errorText.trimmingCharacters(in: .whitespacesAndNewlines)
      throw ToolError("\(file) does not compile:\n\(text)")
    }
  }

  /// `stddef.h` and the like are the compiler's own.
  private func compilerHeaders() async throws -> String {
    try await Self.ask("-print-file-name=include")
  }

  /// What the compiler's code calls for arithmetic that the processor has no instruction for.
  static func runtimeLibrary() async throws -> String {
    try await ask("-print-libgcc-file-name")
  }

  private static func ask(_ question: String) async throws -> String {
    let answer = try await ExternalCommand(name, [question]).runChecked("asking the compiler")
    return answer.text.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
