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
  name: "dns",
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .target(
      name: "DNSCore",
      dependencies: [
        .product(name: "Addresses", package: "martlet"), .product(name: "Base", package: "martlet"),
        .product(name: "Bytes", package: "martlet"),
      ],
      exclude: ["README.md"], swiftSettings: house),
    .executableTarget(
      name: "dns", dependencies: ["DNSCore", .product(name: "Martlet", package: "martlet")],
      swiftSettings: house),
    .testTarget(
      name: "DNSCoreTests",
      dependencies: [
        "DNSCore", .product(name: "Addresses", package: "martlet"),
        .product(name: "Base", package: "martlet"),
      ]),
  ]
)
