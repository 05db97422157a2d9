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
    for plan: Plan?, placement: ImagePlacement = .anywhere, progress: ToolSupport.Progress
  ) async throws -> Kernel {
    let root = Repository.root
    let configuration = try await Resolver.resolve(plan, in: root)
    if let plan, plan.kind == .c {
      return try await CImageBuilder(root: root, plan: plan, configuration: configuration)
        .kernel(progress: progress)
    }
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
      let scratch = try FileLock(path: recipe.scratchFolder + ".scratch.lock") {
        progress.step("waiting for another build with the same settings")
      }
      forgetLinkedImage(of: recipe)
      forgetUmbrella(of: recipe)
      try replanIfNeeded(
        recipe.scratchFolder, plan: "\(recipe.scratchPath)/release.yaml",
        names: "\(state.names) \(recipe.packagePath)")
      try await compile(recipe, kernel.configuration, swift: swift, progress: progress)
      try await finish(kernel, linked: recipe.linkedPath, folder: folder)
      withExtendedLifetime(scratch) {}
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

  static func stampPath(_ kernel: Kernel) -> String { kernel.path + ".stamp" }

  static func isFresh(_ kernel: Kernel, _ state: SourceState) -> Bool {
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
    let linked = recipe.linkedPath
    guard let script = changed("\(recipe.folder)/kernel.ld"), let image = changed(linked),
      image <= script
    else { return }
    try? manager.removeItem(atPath: linked)
  }

  /// Has what imports `Martlet` compiled again. The compiler leaves that module as it is when one
  /// behind it changes, and SwiftPM then leaves the application as it is, with code of before.
  private static func forgetUmbrella(of recipe: any ImageRecipe) {
    try? FileManager.default.removeItem(
      atPath: "\(recipe.productFolder)/Modules/Martlet.swiftmodule")
  }

  /// Makes SwiftPM look at the folders again: it notices a source that came or went in the package
  /// itself, but not in one that it depends on, nor that it builds another package than last time.
  ///
  /// - Parameter plan: the file that SwiftPM made of what it saw.
  public static func replanIfNeeded(_ folder: String, plan: String, names: String) throws {
    let path = "\(folder)/sources.names"
    if (try? String(contentsOfFile: path, encoding: .utf8)) == names { return }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try? FileManager.default.removeItem(atPath: plan)
    try names.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// What Package.swift is told: which folders of parts that are off it leaves out, and which parts
  /// that most images have not it takes in.
  private static func environment(
    _ recipe: any ImageRecipe, _ configuration: ResolvedConfiguration
  ) throws -> [String: String] {
    let off = configuration.symbols.filter { $0.type == "bool" && $0.value == "n" }.map(\.name)
    var environment = [
      "MARTLET_PLATFORM": "guest", "MARTLET_ROOT": Repository.root,
      "MARTLET_WITHOUT": off.joined(separator: ","),
      "MARTLET_PARTS": recipe.parts.joined(separator: " "),
    ]
    if recipe is NativePackage {
      environment["COMPILER_PATH"] = "\(Repository.root)/Scripts/linker"
      environment["MARTLET_LINKER"] = try Toolchain.program("ld.lld")
    }
    return environment
  }

  /// - Parameter links: whether SwiftPM links the product, or somebody else does later.
  static func compile(
    _ recipe: any ImageRecipe, _ configuration: ResolvedConfiguration, swift: String,
    links: Bool = true, progress: ToolSupport.Progress
  ) async throws {
    let folder = recipe.folder
    let command = ExternalCommand(
      swift,
      [
        "build", "--package-path", recipe.packagePath, "--scratch-path", recipe.scratchPath,
        "--triple", "x86_64-unknown-none-elf", "--toolset", "\(folder)/toolset.json",
        "-c", "release", links ? "--product" : "--target", recipe.product,
      ], environment: try environment(recipe, configuration))
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

  /// The file that says that a native image reads standard input, and so needs a device for it.
  public static func inputMark(of kernel: String) -> String { kernel + ".input" }

  private static func markInput(of kernel: Kernel, _ image: ImageFile) throws {
    let mark = inputMark(of: kernel.path)
    // A function of the module that starts the device, by its mangled name.
    if try image.symbols().contains(where: { $0.name.contains("11NativeInput") }) {
      try "".write(toFile: mark, atomically: true, encoding: .utf8)
    } else {
      try? FileManager.default.removeItem(atPath: mark)
    }
  }

  /// Checks the linked image, keeps a copy with symbols, and strips the one to boot.
  static func finish(_ kernel: Kernel, linked: String, folder: String) async throws {
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
    // The relocations of the line tables are of no use any more, and as long as the tables; gdb 13
    // cannot read the index of names that Swift makes, and makes one itself.
    let symbols = kernel.symbolPath + ".new"
    let trim = ExternalCommand(
      try Toolchain.program("llvm-objcopy"),
      ["--remove-section=.rela.debug_*", "--remove-section=.debug_names", linked, symbols])
    try await trim.runChecked("trimming the image with symbols")
    try markInput(of: kernel, image)
    try Paths.rename(symbols, to: kernel.symbolPath)
    try Paths.rename(stripped, to: kernel.path)
  }
}
