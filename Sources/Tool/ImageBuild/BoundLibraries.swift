// SPDX-License-Identifier: BSD-3-Clause

import Binding
import Foundation
import ToolSupport

/// The C library with its system calls bound: made once from Debian's musl and kept.
struct BoundLibraries {
  /// `libc.a`, the compiler's `libgcc.a`, the start of a program, and the functions that calls of
  /// the library's dispatchers are led to.
  let paths: [String]
  let startObject: String
  /// The functions for programs that do not use `pthread_cancel`, and for those that do.
  let thunks: String
  let cancellableThunks: String

  /// Raised when the same library gives another result.
  private static let version = "3"

  static func current(root: String, progress: ToolSupport.Progress) async throws -> BoundLibraries {
    let inputs = [
      "\(CCompiler.libraries)/libc.a", "\(CCompiler.libraries)/crt1.o",
      try await CCompiler.runtimeLibrary(),
    ]
    let key = ContentHash.name(of: [version] + inputs.map(SourceState.describe))
    // The linker script knows the parts of a program by these names.
    let folder = "\(root)/.build/musl-\(key)/bound.objects/CLibrary"
    let result = BoundLibraries(
      paths: ["\(folder)/libc.a", "\(folder)/libgcc.a"], startObject: "\(folder)/crt1.o",
      thunks: "\(folder)/thunks.o", cancellableThunks: "\(folder)/thunks-cancel.o")
    let mark = "\(folder)/complete"
    if Paths.isFile(mark) { return result }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let lock = try FileLock(path: "\(root)/.build/musl-\(key).lock") {
      progress.step("waiting for another run that binds the C library")
    }
    if !Paths.isFile(mark) {
      progress.step("binding the C library's system calls")
      try await make(result, from: inputs, in: folder)
      try "".write(toFile: mark, atomically: true, encoding: .utf8)
    }
    withExtendedLifetime(lock) {}
    return result
  }

  private static func make(_ result: BoundLibraries, from inputs: [String], in folder: String)
    async throws
  {
    let binder = try self.binder()
    var reports: [String] = []
    for (index, tag) in ["libc", "libgcc"].enumerated() {
      let scratch = "\(folder)/scratch"
      try? FileManager.default.removeItem(atPath: scratch)
      try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
      let report = try await binder.bindLibrary(
        index == 0 ? inputs[0] : inputs[2], tag: tag, to: result.paths[index], scratch: scratch)
      reports += report.unboundSites.map {
        "\($0.object) \($0.section) +\($0.offset): \($0.reason.rawValue)"
      }
      try FileManager.default.removeItem(atPath: scratch)
    }
    _ = try await binder.bindObject(inputs[1], tag: "crt1", to: result.startObject)
    try LibraryBinder.writeThunks(isCancellable: false, to: result.thunks)
    try LibraryBinder.writeThunks(isCancellable: true, to: result.cancellableThunks)
    try reports.joined(separator: "\n").write(
      toFile: "\(folder)/unbound.txt", atomically: true, encoding: .utf8)
  }

  static func binder() throws -> LibraryBinder {
    LibraryBinder(
      disassembler: try Toolchain.program("llvm-objdump"),
      archiver: try Toolchain.program("llvm-ar"))
  }
}
