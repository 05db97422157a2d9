// SPDX-License-Identifier: BSD-3-Clause

import Configuration
import Foundation
import Plan
import Synchronization
import ToolSupport

/// Compiles and links the kernel of an image, or finds the one built before.
public enum KernelBuilder {
  /// The kernel for `plan`'s configuration. Without a change it costs a look at the sources.
  ///
  /// A native image that is too large for its placement comes in the other one.
  public static func kernel(
    for plan: Plan?, placement: ImagePlacement = .low, progress: ToolSupport.Progress
  ) async throws -> Kernel {
    let root = Repository.root
    let configuration = try await Resolver.resolve(plan, in: root)
    let application = plan.flatMap { $0.kind == .swift ? $0 : nil }
    let recipe: any ImageRecipe =
      if let application {
        try NativePackage(
          root: root, plan: application, configuration: configuration, placement: placement)
      } else {
        ImagePackage(
          root: root, folder: "\(root)/.build/images/\(configuration.hash)",
          configuration: configuration)
      }
    let folder = recipe.folder
    let kernel = Kernel(
      path: "\(folder)/kernel.elf", symbolPath: "\(folder)/kernel.debug.elf",
      configuration: configuration)
    let swift = try Toolchain.swift()
    let others = recipe.otherSources
    if isFresh(kernel, try SourceState(root: root, others: others, compiler: swift)) {
      return kernel
    }

    let lock = try FileLock(path: folder + ".lock") {
      progress.step("waiting for another build of the same image")
    }
    // Take the state before compiling: a change made meanwhile is seen by the next run.
    let state = try SourceState(root: root, others: others, compiler: swift)
    if !isFresh(kernel, state) {
      progress.step("building \(recipe.subject)")
      try recipe.write()
      forgetLinkedImage(of: recipe)
      try replanIfNeeded(folder, names: state.names)
      try await compile(recipe, swift: swift, progress: progress)
      try await finish(kernel, recipe)
      if application != nil, placement == .low,
        try ImageFile(path: kernel.path).physicalEnd > ImagePlacement.lowEnd
      {
        let other = try await self.kernel(for: plan, placement: .anywhere, progress: progress)
        try Paths.copy(other.path, to: kernel.path)
        try Paths.copy(other.symbolPath, to: kernel.symbolPath)
      }
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

  /// Has the image linked again when its linker script has changed, which SwiftPM does not know of.
  private static func forgetLinkedImage(of recipe: any ImageRecipe) {
    let manager = FileManager.default
    func changed(_ path: String) -> Date? {
      try? manager.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
    let linked = linkedPath(of: recipe)
    guard let script = changed("\(recipe.folder)/kernel.ld"), let image = changed(linked),
      image <= script
    else { return }
    try? manager.removeItem(atPath: linked)
  }

  private static func linkedPath(of recipe: any ImageRecipe) -> String {
    "\(recipe.folder)/.build/x86_64-unknown-none-elf/release/\(recipe.product)"
  }

  /// Makes SwiftPM look at the folders again: it notices a source that came or went in the package
  /// itself, but not in one that it depends on.
  private static func replanIfNeeded(_ folder: String, names: String) throws {
    let path = "\(folder)/sources.names"
    if (try? String(contentsOfFile: path, encoding: .utf8)) == names { return }
    try? FileManager.default.removeItem(atPath: "\(folder)/.build/release.yaml")
    try names.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static func compile(
    _ recipe: any ImageRecipe, swift: String, progress: ToolSupport.Progress
  ) async throws {
    let folder = recipe.folder
    let command = ExternalCommand(
      swift,
      [
        "build", "--package-path", recipe.packagePath, "--scratch-path", "\(folder)/.build",
        "--triple", "x86_64-unknown-none-elf", "--toolset", "\(folder)/toolset.json",
        "-c", "release", "--product", recipe.product,
      ],
      environment: [
        "MARTLET_PLATFORM": "guest", "MARTLET_ROOT": Repository.root,
        // Package.swift leaves out what a native image cannot reach, so that it need not compile.
        "MARTLET_PARTS": recipe.parts.joined(separator: " "),
      ])
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
    guard status == 0 else { throw failure(lines, subject: recipe.subject, folder: folder) }
  }

  /// What went wrong, without the noise of a build.
  static func failure(_ lines: [String], subject: String, folder: String) -> ToolError {
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
      "\(subject) does not build:\n" + shown.joined(separator: "\n"),
      advice: "The whole log is in \(folder)/build.log.")
  }

  /// Checks the linked image, keeps a copy with symbols, and strips the one to boot.
  private static func finish(_ kernel: Kernel, _ recipe: any ImageRecipe) async throws {
    let folder = recipe.folder
    let linked = linkedPath(of: recipe)
    let image = try ImageFile(path: linked)
    for segment in image.segments where segment.isWritable && segment.isExecutable {
      throw ToolError(
        "the segment at 0x\(String(segment.virtualAddress, radix: 16)) is writable and executable",
        at: linked, advice: "Its linker script is \(folder)/kernel.ld.")
    }
    let stripped = kernel.path + ".new"
    // A loader needs the segments only; the table of sections would be half of a small image.
    let strip = ExternalCommand(
      try Toolchain.program("llvm-objcopy"),
      ["--strip-all", "--strip-sections", linked, stripped])
    try await strip.runChecked("stripping the image")
    // Those of the line tables are of no use any more, and as long as the tables.
    let symbols = kernel.symbolPath + ".new"
    let trim = ExternalCommand(
      try Toolchain.program("llvm-objcopy"), ["--remove-section=.rela.debug_*", linked, symbols])
    try await trim.runChecked("trimming the image with symbols")
    try Paths.rename(symbols, to: kernel.symbolPath)
    try Paths.rename(stripped, to: kernel.path)
  }
}
