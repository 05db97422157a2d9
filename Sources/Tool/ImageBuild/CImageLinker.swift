// SPDX-License-Identifier: BSD-3-Clause

import Binding
import Foundation
import ToolSupport

/// Links a C program with the kernel.
///
/// The first link tells what the program reaches: the linker keeps the functions of its system calls
/// and drops the others. A second one adds what these need besides: the network for sockets, the
/// usual folders for files, a table where a `syscall` instruction stayed.
struct CImageLinker {
  /// Raised when the same inputs give another image.
  static let version = "linker 2"

  let folder: String
  let package: ImagePackage
  let programObjects: [String]
  let moduleObjects: [String]
  let libraries: BoundLibraries

  func link() async throws -> String {
    var program = LinkerScript.Program(
      tableCalls: nil, servedCalls: Set(package.servedCalls.map(\.number)))
    var isCancellable = false
    var image = try await link(program, isCancellable: isCancellable)
    let found = try names(in: image)
    isCancellable = found.contains("\(LibraryBinder.prefix)pthread_cancel")
    if isCancellable { image = try await link(program, isCancellable: true) }
    let calls = try SystemCallCatalogue.reached(in: try ImageFile(path: image))
    let all = try names(in: image)
    program.reaches(calls, names: all)
    if all.contains(where: { $0.hasPrefix(LibraryBinder.unboundName) }) {
      program.tableCalls = calls
    }
    guard program.opensFiles || program.makesSockets || program.tableCalls != nil else {
      return image
    }
    return try await link(program, isCancellable: isCancellable)
  }

  private func names(in image: String) throws -> Set<String> {
    Set(try ImageFile(path: image).symbols().map(\.name))
  }

  private func link(_ program: LinkerScript.Program, isCancellable: Bool) async throws -> String {
    let script = "\(folder)/kernel.ld"
    try ImagePackage.put(
      LinkerScript(layout: .linux, program: program, modules: try package.linkedModules).text,
      script)
    let output = "\(folder)/linked.elf"
    let thunks = isCancellable ? libraries.cancellableThunks : libraries.thunks
    let inputs = moduleObjects + programObjects + [libraries.startObject, thunks] + libraries.paths
    // A list of this length does not fit every system's command line.
    let response = "\(folder)/link.inputs"
    try inputs.map { "\"\($0)\"" }.joined(separator: "\n").write(
      toFile: response, atomically: true, encoding: .utf8)
    let command = ExternalCommand(
      try Toolchain.program("ld.lld"),
      ["-static", "-T", script] + Toolset.linkerOptions + ["-o", output, "@\(response)"])
    let result = try await command.run()
    guard result.isSuccess else { throw Self.failure(result.errorText, folder: folder) }
    return output
  }

  /// What went wrong, with the program's names as its sources have them.
  static func failure(_ text: String, folder: String) -> ToolError {
    let lines = text.split(separator: "\n").map(String.init)
    let shown = lines.prefix(40).map {
      $0.replacingOccurrences(of: LibraryBinder.prefix, with: "")
    }
    return ToolError(
      "the image does not link:\n" + shown.joined(separator: "\n"),
      advice: "The objects are in \(folder), the C library is musl: it has no more than POSIX.")
  }
}
