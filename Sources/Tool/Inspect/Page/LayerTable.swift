// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The layers of Package.swift with what stands outside of them in an image.
struct LayerTable: Sendable {
  /// Bottom first.
  static let layers = ["Toolchain"] + ModuleTable.layers + ["Image", "Application"]

  private let table: ModuleTable

  init(manifest: String) {
    table = ModuleTable(manifest: manifest)
  }

  /// The table of the checkout.
  static func current() throws -> LayerTable {
    let path = "\(Repository.root)/Package.swift"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ToolError("cannot read the table of modules", at: path)
    }
    return LayerTable(manifest: String(decoding: data, as: UTF8.self))
  }

  /// The number of a library's layer in `layers`.
  func layer(of library: String) -> Int {
    let name: String =
      switch library {
      case "Boot", "CMachine": "Machine"
      case "Image", "NativeImage", "Settings": "Image"
      case "Toolchain", "got", "init_array": "Toolchain"
      default: table.modules[library]?.layer ?? "Application"
      }
    return Self.layers.firstIndex(of: name) ?? Self.layers.count - 1
  }

  /// What a library may import, of those that are there.
  func imports(of library: String, among present: Set<String>) -> [String] {
    (table.modules[library]?.dependencies ?? []).filter(present.contains).sorted()
  }
}
