// SPDX-License-Identifier: BSD-3-Clause

import Configuration
import Foundation

/// The compiler's and linker's options for an image, as SwiftPM's `toolset.json`.
struct Toolset {
  /// Where `kernel.ld` is.
  let folder: String
  let configuration: ResolvedConfiguration
  let layout: LinkerScript.Layout

  var text: String {
    get throws {
      let value: [String: Any] = [
        "schemaVersion": "1.0",
        "swiftCompiler": ["extraCLIOptions": swift],
        "cCompiler": ["extraCLIOptions": c],
        "linker": ["extraCLIOptions": linker],
      ]
      let data = try JSONSerialization.data(
        withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      return String(decoding: data, as: UTF8.self) + "\n"
    }
  }

  /// What C sees, in its own files and in headers that Swift imports.
  private var common: [String] {
    [
      "-mno-red-zone", "-ffreestanding", "-nostdlibinc",
      "-DMARTLET_IMAGE_PHYSICAL=\(layout.physicalBase)",
      "-DMARTLET_IMAGE_TABLES=\(layout.largePageCount)",
    ] + (layout.hasVectorRegisters ? [] : ["-mno-sse", "-mno-mmx"])
  }

  private var isSmall: Bool {
    configuration.isOn("OPTIMIZE_SIZE") || layout.isSmall && !configuration.isOn("NATIVE_SPEED")
  }

  private var swift: [String] {
    [
      "-enable-experimental-feature", "Embedded", "-wmo", "-g", isSmall ? "-Osize" : "-O",
      "-Xfrontend", "-function-sections", "-Werror", "EmbeddedRestrictions",
      // Embedded Swift's dynamic exclusivity checks are empty functions: leave the calls out.
      "-enforce-exclusivity=unchecked",
      "-package-name", "martlet", "-use-ld=lld", "-Xclang-linker", "-nostdlib",
      "-Xclang-linker", "-static",
    ] + common.flatMap { ["-Xcc", $0] } + layout.defines(configuration).map { "-D\($0)" }
  }

  private var c: [String] {
    common + [isSmall ? "-Os" : "-O2", "-g", "-ffunction-sections", "-fdata-sections"]
  }

  private var linker: [String] { ["-T", "\(folder)/kernel.ld"] + Self.linkerOptions }

  /// The linker's options that are the same for every image.
  ///
  /// The relocations stay in the image with symbols (`--emit-relocs`): they say what refers to what,
  /// so that `martlet inspect` can tell why something is in. The image to boot has none.
  static let linkerOptions = [
    "--gc-sections", "--orphan-handling=error", "--emit-relocs",
    "-z", "max-page-size=4096", "-z", "norelro", "-z", "noexecstack", "--build-id=none",
  ]
}
