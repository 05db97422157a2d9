// SPDX-License-Identifier: BSD-3-Clause

/// The files of a new application.
struct ApplicationTemplate {
  /// The name of the package, of its executable and of the image.
  let name: String
  /// Where Martlet is.
  let root: String

  var files: [(path: String, text: String)] {
    [
      ("Package.swift", manifest), ("martlet.yaml", plan), (".gitignore", ".build/\n"),
      ("Sources/\(name)/Main.swift", main), ("Sources/\(name)/Greeting.swift", greeting),
      ("Tests/\(name)Tests/GreetingTests.swift", tests),
    ]
  }

  private var manifest: String {
    """
    // swift-tools-version: 6.2

    import PackageDescription

    let package = Package(
      name: "\(name)",
      // Where Martlet is; on another machine give it by MARTLET_ROOT.
      dependencies: [
        .package(name: "martlet", path: Context.environment["MARTLET_ROOT"] ?? "\(root)")
      ],
      targets: [
        .executableTarget(
          name: "\(name)", dependencies: [.product(name: "Martlet", package: "martlet")]),
        .testTarget(name: "\(name)Tests", dependencies: ["\(name)"]),
      ]
    )

    """
  }

  private var plan: String {
    """
    name: \(name)
    kind: swift
    # The machine's memory; a small application needs 1 MiB.
    memory: 16MiB

    """
  }

  private var main: String {
    """
    import Martlet

    @main
    struct Main {
      static func main() {
        Console.output.write(greeting)
      }
    }

    """
  }

  private var greeting: String {
    """
    /// What the application says. `swift test` checks it on the host.
    let greeting: StaticString = "Hello from \(name)!\\n"

    """
  }

  private var tests: String {
    """
    import Testing

    @testable import \(name)

    @Test func theGreetingIsOneLine() {
      #expect(greeting.description.last == "\\n")
    }

    """
  }
}
