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
  name: "http",
  products: [
    .library(name: "HTTPCore", targets: ["HTTPCore"]),
    .library(name: "HTTPServer", targets: ["HTTPServer"]),
    .library(name: "HTTPTypesBridge", targets: ["HTTPTypesBridge"]),
  ],
  dependencies: [
    .package(name: "martlet", path: "../.."),
    // Without traits: FoundationURL would bring Foundation.
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
  ],
  targets: [
    .target(name: "HTTPCore", exclude: ["README.md"], swiftSettings: house),
    .target(
      name: "HTTPServer",
      dependencies: ["HTTPCore", .product(name: "Bytes", package: "martlet")],
      exclude: ["README.md"], swiftSettings: house),
    .target(
      name: "HTTPTypesBridge",
      dependencies: ["HTTPCore", .product(name: "HTTPTypes", package: "swift-http-types")],
      swiftSettings: house),
    .executableTarget(
      name: "http",
      dependencies: ["HTTPCore", "HTTPServer", .product(name: "Martlet", package: "martlet")],
      swiftSettings: house),
    .testTarget(
      name: "HTTPCoreTests",
      dependencies: [
        "HTTPCore", "HTTPTypesBridge", .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      exclude: ["Corpus"]),
    .testTarget(name: "HTTPServerTests", dependencies: ["HTTPCore", "HTTPServer"]),
  ]
)
