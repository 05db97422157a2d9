// swift-tools-version: 6.2
// SPDX-License-Identifier: BSD-3-Clause

import PackageDescription

let package = Package(
  name: "l2fwd",
  dependencies: [.package(name: "martlet", path: "../..")],
  targets: [
    .executableTarget(
      name: "l2fwd", dependencies: [.product(name: "Martlet", package: "martlet")])
  ]
)
