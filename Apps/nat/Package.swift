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
  name: "nat",
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .target(
      name: "NATCore",
      dependencies: [
        .product(name: "ARP", package: "martlet"), .product(name: "Addresses", package: "martlet"),
        .product(name: "Base", package: "martlet"), .product(name: "Bytes", package: "martlet"),
      ],
      exclude: ["README.md"], swiftSettings: house),
    .executableTarget(
      name: "nat", dependencies: ["NATCore", .product(name: "Martlet", package: "martlet")],
      swiftSettings: house),
    .testTarget(
      name: "NATCoreTests",
      dependencies: [
        "NATCore", .product(name: "Addresses", package: "martlet"),
        .product(name: "Base", package: "martlet"), .product(name: "Bytes", package: "martlet"),
      ]),
  ]
)
