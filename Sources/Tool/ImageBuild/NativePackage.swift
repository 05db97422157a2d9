// SPDX-License-Identifier: BSD-3-Clause

import Configuration
import Foundation
import Plan
import ToolSupport

/// An application that is a Swift package of its own, linked into an image with the parts of
/// Martlet that it imports.
struct NativePackage: ImageRecipe {
  let folder: String
  let scratchFolder: String
  let packagePath: String
  let product: String
  private let root: String
  private let configuration: ResolvedConfiguration
  private let placement: ImagePlacement

  var subject: String { product }
  var otherSources: [String] { [packagePath] }
  var parts: [String] {
    ["NATIVE_VOLUMES"].filter { configuration.isOn($0) }
  }

  init(
    root: String, plan: Plan, configuration: ResolvedConfiguration, placement: ImagePlacement
  ) throws {
    guard FileManager.default.fileExists(atPath: "\(plan.directory)/Package.swift") else {
      throw ToolError(
        "there is no Package.swift beside it", at: plan.file,
        advice: "An application of kind swift is a Swift package; ./martlet new NAME writes one.")
    }
    let key = ContentHash.name(of: [plan.directory, configuration.hash])
    let suffix = placement == .low ? "-low" : ""
    folder = "\(root)/.build/images/\(plan.name)-\(key)\(suffix)"
    // Martlet's modules are compiled once, whatever the application.
    scratchFolder = "\(root)/.build/images/\(configuration.hash)-native\(suffix)"
    packagePath = plan.directory
    product = plan.name
    self.root = root
    self.placement = placement
    self.configuration = configuration
  }

  func write() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let libraries = try ImagePackage.modulesOnDisk(of: ImagePackage.layers + ["App"], root: root)
    let modules = libraries + Self.imageModules + applicationModules
    let layout = LinkerScript.Layout.native(placement)
    let toolset = Toolset(folder: folder, configuration: configuration, layout: layout)
    try ImagePackage.put(
      LinkerScript(layout: layout, modules: modules).text, "\(folder)/kernel.ld")
    try ImagePackage.put(try toolset.text, "\(folder)/toolset.json")
  }

  /// The modules of `Sources/Image` (Package.swift).
  private static let imageModules = [
    "NativeArchive", "NativeBlocks", "NativeDevices", "NativeFiles", "NativeImage", "NativeInput",
    "NativeNetwork", "NativeThreads", "NativeVolumes",
  ]

  /// The folders under `Sources`, which by SwiftPM's convention are its modules.
  private var applicationModules: [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "\(packagePath)/Sources")) ?? []
    return all.filter { !$0.contains(".") }.sorted()
  }
}
