// SPDX-License-Identifier: BSD-3-Clause

/// The table of modules in Package.swift.
public struct ModuleTable: Sendable {
  /// One module of the table.
  public struct Module: Equatable, Sendable {
    public let layer: String
    public let name: String
    public let dependencies: Set<String>
  }

  /// Bottom first. Bytes is below everything, and Base below the rest of Machine.
  public static let layers = [
    "Bytes", "Base", "Machine", "Kernel", "Devices", "Network", "Files", "Linux", "Image", "App",
  ]

  /// By name.
  public private(set) var modules: [String: Module] = [:]

  /// Reads the text of Package.swift.
  public init(manifest: String) {
    add(Module(layer: "Bytes", name: "Bytes", dependencies: []))
    add(Module(layer: "Machine", name: "CMachine", dependencies: []))
    add(Module(layer: "Machine", name: "Machine", dependencies: ["Base", "Bytes", "CMachine"]))
    let entry =
      /Library\(\s*"(\w+)",\s*"(\w+)"(?:,\s*on:\s*\[([^\]]*)\])?(?:,\s*guest:\s*\[([^\]]*)\])?/
    for match in manifest.matches(of: entry) {
      let dependencies = [match.3, match.4].compactMap { $0 }.reduce(into: Set<String>()) {
        $0.formUnion(Self.names(String($1)))
      }
      add(Module(layer: String(match.1), name: String(match.2), dependencies: dependencies))
    }
    let native = /native\(\s*"(\w+)",\s*\[[^\]]*\],\s*on:\s*\[([^\]]*)\]/
    for match in manifest.matches(of: native) {
      add(
        Module(
          layer: "Image", name: String(match.1), dependencies: Self.names(String(match.2))))
    }
    // The tool's targets name their dependencies up to their path.
    let target = /arget\(\s*name: "(\w+)",\s*dependencies: \[([\s\S]*?)\],\s*path: "Sources\/Tool/
    for match in manifest.matches(of: target) where modules[String(match.1)] == nil {
      add(
        Module(
          layer: "Tool", name: String(match.1), dependencies: Self.names(String(match.2))))
    }
  }

  private mutating func add(_ module: Module) { modules[module.name] = module }

  private static func names(_ text: String) -> Set<String> {
    Set(text.matches(of: /"(\w+)"/).map { String($0.1) })
  }

  /// Whether a module of `layer` may stand on one of `lower`.
  public static func may(_ layer: String, standOn lower: String) -> Bool {
    guard let above = layers.firstIndex(of: layer), let below = layers.firstIndex(of: lower) else {
      return layer == "Tool"
    }
    return below <= above
  }
}
