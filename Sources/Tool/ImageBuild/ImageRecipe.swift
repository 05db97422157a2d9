// SPDX-License-Identifier: BSD-3-Clause

/// What SwiftPM needs to know to build one image.
protocol ImageRecipe {
  /// Where the image's generated files and products are.
  var folder: String { get }
  /// Where SwiftPM compiles: a folder of the image, or one for all images with the same settings.
  var scratchFolder: String { get }
  /// The folder of the `Package.swift` to build.
  var packagePath: String { get }
  /// The executable to build.
  var product: String { get }
  /// What messages call it.
  var subject: String { get }
  /// What Package.swift is to make beside what every native image may reach.
  var parts: [String] { get }
  /// Folders with sources besides Martlet's own.
  var otherSources: [String] { get }
  /// Writes the generated files. One that has not changed is not touched.
  func write() throws
}

extension ImageRecipe {
  var scratchPath: String { "\(scratchFolder)/.build" }
  /// Where SwiftPM puts objects, modules and what it links.
  var productFolder: String { "\(scratchPath)/x86_64-unknown-none-elf/release" }
  /// What SwiftPM links.
  var linkedPath: String { "\(productFolder)/\(product)" }
}

extension ImagePackage: ImageRecipe {
  var scratchFolder: String { folder }
  var packagePath: String { folder }
  var product: String { "Image" }
  var subject: String { "the kernel" }
  var otherSources: [String] { [] }
  var parts: [String] { [] }
}
