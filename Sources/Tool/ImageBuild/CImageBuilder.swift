// SPDX-License-Identifier: BSD-3-Clause

import Binding
import Configuration
import Foundation
import Plan
import ToolSupport

/// Builds the image of a C application: its objects and the C library, with their system calls bound
/// to the kernel's functions, linked with the kernel's modules in one step.
///
/// The modules are compiled once for a configuration, whatever the application.
struct CImageBuilder {
  private let root: String
  private let plan: Plan
  private let configuration: ResolvedConfiguration
  private let folder: String
  private let package: ImagePackage

  init(root: String, plan: Plan, configuration: ResolvedConfiguration) {
    self.root = root
    self.plan = plan
    self.configuration = configuration
    let key = ContentHash.name(of: [plan.directory, configuration.hash])
    folder = "\(root)/.build/images/\(plan.name)-\(key)-c"
    package = ImagePackage(
      root: root, folder: "\(root)/.build/images/\(configuration.hash)-c",
      configuration: configuration, isForC: true)
  }

  func kernel(progress: ToolSupport.Progress) async throws -> Kernel {
    let kernel = Kernel(
      path: "\(folder)/kernel.elf", symbolPath: "\(folder)/kernel.debug.elf",
      configuration: configuration)
    let swift = try Toolchain.swift()
    if KernelBuilder.isFresh(kernel, try state(swift)) { return kernel }
    try CCompiler.check()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let lock = try FileLock(path: folder + ".lock") {
      progress.step("waiting for another build of the same image")
    }
    let state = try state(swift)
    if !KernelBuilder.isFresh(kernel, state) {
      progress.step("compiling \(plan.name)")
      let objects = try await compileProgram(progress)
      let libraries = try await BoundLibraries.current(root: root, progress: progress)
      let modules = try await compileModules(swift, progress)
      progress.step("linking \(plan.name)")
      let linker = CImageLinker(
        folder: folder, package: package, programObjects: objects, moduleObjects: modules,
        libraries: libraries)
      let linked = try await linker.link()
      try await KernelBuilder.finish(kernel, linked: linked, folder: folder)
      try state.stamp.write(
        toFile: KernelBuilder.stampPath(kernel), atomically: true, encoding: .utf8)
    }
    withExtendedLifetime(lock) {}
    return kernel
  }

  private func state(_ swift: String) throws -> SourceState {
    let settings = plan.cSources
    let words =
      settings.patterns + settings.flags + settings.includes + [settings.debianSource ?? ""]
    return try SourceState(
      root: root, others: [plan.directory], compiler: swift, words: words + [CImageLinker.version])
  }

  /// Compiles the application and binds its own system calls; gives back the objects.
  private func compileProgram(_ progress: ToolSupport.Progress) async throws -> [String] {
    let sources = plan.cSources
    let place =
      if let package = sources.debianSource {
        try await DebianSource.folder(of: package, progress: progress)
      } else { plan.directory }
    let compiler = CCompiler(folder: place, sources: sources, ownFolder: plan.directory)
    let plain = "\(folder)/objects"
    // The linker script knows the parts of a program by these names.
    let bound = "\(folder)/bound.objects/Application"
    for path in [plain, bound] {
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let objects = try await compiler.compile(
      try compiler.files(at: plan.file), to: plain, progress: progress)
    let binder = try BoundLibraries.binder()
    var result: [String] = []
    for (index, object) in objects.enumerated() {
      let output = "\(bound)/\(index).o"
      _ = try await binder.bindObject(object, tag: "application.\(index)", to: output)
      result.append(output)
    }
    return result
  }

  /// Compiles the kernel's modules for this configuration; gives back their objects.
  private func compileModules(_ swift: String, _ progress: ToolSupport.Progress) async throws
    -> [String]
  {
    let lock = try FileLock(path: package.folder + ".lock") {
      progress.step("waiting for another build of the same kernel")
    }
    defer { withExtendedLifetime(lock) {} }
    progress.step("building the kernel")
    try package.write()
    let state = try SourceState(root: root, compiler: swift)
    try KernelBuilder.replanIfNeeded(
      package.folder, plan: "\(package.scratchPath)/release.yaml", names: state.names)
    try await KernelBuilder.compile(
      package, configuration, swift: swift, links: false, progress: progress)
    let products = package.productFolder
    let folders = try FileManager.default.contentsOfDirectory(atPath: products)
      .filter { $0.hasSuffix(".build") }.sorted()
    return try folders.flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: "\(products)/\(folder)")
        .filter { $0.hasSuffix(".o") }.sorted().map { "\(products)/\(folder)/\($0)" }
    }
  }
}
