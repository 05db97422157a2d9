// swift-tools-version: 6.2
// SPDX-License-Identifier: BSD-3-Clause

import PackageDescription

let package = Package(
  name: "echo",
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .executableTarget(
      name: "echo", dependencies: [.product(name: "Martlet", package: "martlet")])
  ]
)
