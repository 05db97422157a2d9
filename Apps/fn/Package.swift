// swift-tools-version: 6.2
// SPDX-License-Identifier: BSD-3-Clause

import PackageDescription

let package = Package(
  name: "fn",
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .target(name: "Handler", dependencies: [.product(name: "Bytes", package: "martlet")]),
    .executableTarget(
      name: "fn", dependencies: ["Handler", .product(name: "Martlet", package: "martlet")]),
    .testTarget(name: "HandlerTests", dependencies: ["Handler"]),
  ]
)
