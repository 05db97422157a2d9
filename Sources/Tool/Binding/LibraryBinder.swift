// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Binds the system calls of objects and libraries of C, so that they can be linked into a kernel.
public struct LibraryBinder: Sendable {
  /// What names of C programs begin with in an image: the kernel has a `memcpy` of its own.
  public static let prefix = "program_"
  /// What the names of `syscall` instructions that stay begin with.
  public static let unboundName = SiteBinder.unboundName
  /// The name of the kernel's function for a call, without the number.
  public static let functionName = "martlet_call_"
  /// One more than the highest number of a call.
  public static let callLimit = CallThunks.limit

  private let disassembler: String
  private let archiver: String

  /// - Parameters:
  ///   - disassembler: `llvm-objdump`.
  ///   - archiver: `llvm-ar`.
  public init(disassembler: String, archiver: String) {
    self.disassembler = disassembler
    self.archiver = archiver
  }

  /// Binds the object at `path` and writes it to `output`.
  public func bindObject(_ path: String, tag: String, to output: String) async throws
    -> BindingReport
  {
    guard let contents = FileManager.default.contents(atPath: path) else {
      throw ToolError("cannot read the object", at: path)
    }
    let code = try await Disassembly.of(path, disassembler: disassembler).objects.first ?? [:]
    let (bytes, report) = try bind(contents, code, name: path, tag: tag)
    try bytes.write(to: URL(fileURLWithPath: output))
    return report
  }

  /// Binds every object of the library at `path` and writes a library to `output`, with the help of
  /// the empty folder `scratch`.
  public func bindLibrary(
    _ path: String, tag: String, to output: String, scratch: String
  ) async throws -> BindingReport {
    let members = try ObjectArchive(path: path).members
    let code = try await Disassembly.of(path, disassembler: disassembler).objects
    guard code.count == members.count else {
      throw ToolError("it has \(members.count) objects, and \(code.count) disassembled", at: path)
    }
    var report = BindingReport()
    var names: [String] = []
    for (index, member) in members.enumerated() {
      let (bytes, part) = try bind(
        member.contents, code[index], name: member.name,
        tag: "\(tag).\(index).\(member.name.prefix { $0 != "." })")
      report.add(part)
      // Members may have equal names.
      let name = "\(index)-\(member.name)"
      try bytes.write(to: URL(fileURLWithPath: "\(scratch)/\(name)"))
      names.append(name)
    }
    try? FileManager.default.removeItem(atPath: output)
    try names.joined(separator: "\n").write(
      toFile: "\(scratch)/members", atomically: true, encoding: .utf8)
    try await ExternalCommand(archiver, ["rcsD", output, "@members"], in: scratch)
      .runChecked("writing the library")
    return report
  }

  /// Whether something in an image with these symbols makes the call `number`, besides the object
  /// `object` of a library.
  public static func makes(_ number: Int, in names: Set<String>, besides object: String) -> Bool {
    names.contains { name in
      name == CallThunks.point(number) || name == CallThunks.function(number)
        || name.hasPrefix(SiteBinder.stubName) && name.hasSuffix(".call\(number)")
          && !name.contains(".\(object).")
    }
  }

  /// Writes the functions to which calls of dispatchers are led.
  public static func writeThunks(isCancellable: Bool, to output: String) throws {
    let bytes = CallThunks.object(prefix: prefix, isCancellable: isCancellable)
    try bytes.write(to: URL(fileURLWithPath: output))
  }

  private func bind(
    _ contents: Data, _ code: [String: [Instruction]], name: String, tag: String
  ) throws -> (Data, BindingReport) {
    var binder = SiteBinder(
      try ObjectFile(contents, path: name), code: code, name: name, tag: tag, prefix: Self.prefix)
    binder.bind()
    return (binder.object.serialized(), binder.report)
  }
}
