// SPDX-License-Identifier: BSD-3-Clause

import Configuration
import Foundation
import Plan
import Synchronization
import ToolSupport

/// Compiles and links the kernel of an image, or finds the one built before.
public enum KernelBuilder {
  /// The kernel for `plan`'s configuration. Without a change it costs a look at the sources.
  public static func kernel(for plan: Plan?, progress: ToolSupport.Progress) async throws -> Kernel
  {
    let root = Repository.root
    let configuration = try await Resolver.resolve(plan, in: root)
    let folder = "\(root)/.build/images/\(configuration.hash)"
    let kernel = Kernel(
      path: "\(folder)/kernel.elf", symbolPath: "\(folder)/kernel.debug.elf",
      configuration: configuration)
    let swift = try Toolchain.swift()
    if isFresh(kernel, try SourceState(root: root, compiler: swift)) { return kernel }

    let lock = try FileLock(path: folder + ".lock") {
      progress.step("waiting for another build of the same image")
    }
    // Take the state before compiling: a change made meanwhile is seen by the next run.
    let state = try SourceState(root: root, compiler: swift)
    if !isFresh(kernel, state) {
      progress.step("building the kernel")
      let package = ImagePackage(root: root, folder: folder, configuration: configuration)
      try package.write()
      try replanIfNeeded(folder, names: state.names)
      try await compile(folder, swift: swift, progress: progress)
      try await finish(kernel, folder: folder)
      try state.stamp.write(toFile: stampPath(kernel), atomically: true, encoding: .utf8)
    }
    withExtendedLifetime(lock) {}
    return kernel
  }

  private static func stampPath(_ kernel: Kernel) -> String { kernel.path + ".stamp" }

  private static func isFresh(_ kernel: Kernel, _ state: SourceState) -> Bool {
    let manager = FileManager.default
    return (try? String(contentsOfFile: stampPath(kernel), encoding: .utf8)) == state.stamp
      && manager.fileExists(atPath: kernel.path) && manager.fileExists(atPath: kernel.symbolPath)
  }

  /// Makes SwiftPM look at the folders again: it notices a source that came or went in the package
  /// itself, but not in one that it depends on.
  private static func replanIfNeeded(_ folder: String, names: String) throws {
    let path = "\(folder)/sources.names"
    if (try? String(contentsOfFile: path, encoding: .utf8)) == names { return }
    try? FileManager.default.removeItem(atPath: "\(folder)/.build/release.yaml")
    try names.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static func compile(_ folder: String, swift: String, progress: ToolSupport.Progress)
    async throws
  {
    let command = ExternalCommand(
      swift,
      [
        "build", "--package-path", folder, "--triple", "x86_64-unknown-none-elf",
        "--toolset", "\(folder)/toolset.json", "-c", "release", "--product", "Image",
      ], environment: ["MARTLET_PLATFORM": "guest"])
    let log = Mutex<[String]>([])
    let status = try await command.runLines { line in
      log.withLock { $0.append(line) }
      if line.hasPrefix("["), line.contains("ompiling") || line.contains("inking") {
        progress.detail(line)
      }
    }
    let lines = log.withLock { $0 }
    try lines.joined(separator: "\n").write(
      toFile: "\(folder)/build.log", atomically: true, encoding: .utf8)
    guard status == 0 else { throw failure(lines, folder: folder) }
  }

  /// What went wrong, without the noise of a build.
  static func failure(_ lines: [String], folder: String) -> ToolError {
    var shown: [String] = []
    var keep = false
    for line in lines {
      if line.contains("error: ") || line.contains("undefined symbol") {
        keep = true
      } else if line.hasPrefix("[") || line.contains("warning: ") {
        keep = false
      }
      if keep && !shown.contains(line) || keep && !line.contains(":") { shown.append(line) }
    }
    if shown.isEmpty { shown = Array(lines.suffix(20)) }
    if shown.count > 60 { shown = Array(shown.prefix(60)) + ["…"] }
    return ToolError(
      "the kernel does not build:\n" + shown.joined(separator: "\n"),
      advice: "The whole log is in \(folder)/build.log.")
  }

  /// Checks the linked image, keeps a copy with symbols, and strips the one to boot.
  private static func finish(_ kernel: Kernel, folder: String) async throws {
    let linked = "\(folder)/.build/x86_64-unknown-none-elf/release/Image"
    let image = try ImageFile(path: linked)
    for segment in image.segments where segment.isWritable && segment.isExecutable {
      throw ToolError(
        "the segment at 0x\(String(segment.virtualAddress, radix: 16)) is writable and executable",
        at: linked, advice: "Its linker script is \(folder)/kernel.ld.")
    }
    let stripped = kernel.path + ".new"
    let strip = ExternalCommand(
      try Toolchain.program("llvm-objcopy"), ["--strip-all", linked, stripped])
    try await strip.runChecked("stripping the image")
    let symbols = kernel.symbolPath + ".new"
    try? FileManager.default.removeItem(atPath: symbols)
    try FileManager.default.copyItem(atPath: linked, toPath: symbols)
    for (from, to) in [(symbols, kernel.symbolPath), (stripped, kernel.path)] {
      guard rename(from, to) == 0 else {
        throw ToolError("cannot write it: \(String(cString: strerror(errno)))", at: to)
      }
    }
  }
}
