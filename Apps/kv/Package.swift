// swift-tools-version: 6.2
// SPDX-License-Identifier: BSD-3-Clause

import PackageDescription

/// The settings of the root package's modules: no unsafe code that is not marked, and here none.
let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatWarning("StrictMemorySafety", as: .error),
  .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
  name: "kv",
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .target(
      name: "KVCore", dependencies: [.product(name: "Bytes", package: "martlet")],
      exclude: ["README.md"], swiftSettings: house),
    .executableTarget(
      name: "kv", dependencies: ["KVCore", .product(name: "Martlet", package: "martlet")]),
    .testTarget(
      name: "KVCoreTests",
      dependencies: ["KVCore", .product(name: "Bytes", package: "martlet")]),
  ]
)
