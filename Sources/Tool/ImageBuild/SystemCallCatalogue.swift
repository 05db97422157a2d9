// SPDX-License-Identifier: BSD-3-Clause

import Binding
import Foundation

/// The system calls that the selected families register, read from their sources: each call is one
/// `table.add(.name, …)` in the family that serves it.
public struct SystemCallCatalogue {
  /// A call, and the module that serves it.
  public struct Entry: Sendable {
    public let number: Int
    public let name: String
    public let library: String
  }

  private let root: String

  public init(root: String) {
    self.root = root
  }

  /// The calls of `modules`, by number.
  public func calls(of modules: [String]) -> [Entry] {
    let core = "\(root)/Sources/Linux/LinuxCore"
    var numbers: [String: Int] = [:]
    for match in text("\(core)/SystemCallNumber.swift").matches(
      of: /static let `?(\w+)`? = SystemCallNumber\(rawValue: (\d+)\)/)
    {
      numbers[String(match.1)] = Int(match.2)
    }
    var names: [Int: String] = [:]
    for match in text("\(core)/SystemCallNumber+Name.swift").matches(of: /case (\d+): "(\w+)"/) {
      if let number = Int(match.1) { names[number] = String(match.2) }
    }
    var found: [Int: Entry] = [:]
    for module in modules where module.hasPrefix("Linux") {
      for file in sources(of: module) {
        for match in text(file).matches(of: /\.add\(\s*\.(\w+)/) {
          guard let number = numbers[String(match.1)], let name = names[number] else { continue }
          found[number] = Entry(number: number, name: name, library: module)
        }
      }
    }
    return found.values.sorted { $0.number < $1.number }
  }

  /// The numbers of the calls that a C program in `image` reaches; none in other images.
  public static func reached(in image: ImageFile) throws -> Set<Int> {
    Set(
      try image.symbols().compactMap { symbol in
        symbol.name.hasPrefix(LibraryBinder.functionName)
          ? Int(symbol.name.dropFirst(LibraryBinder.functionName.count)) : nil
      })
  }

  private func sources(of module: String) -> [String] {
    let folder = "\(root)/Sources/Linux/\(module)"
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return paths.filter { $0.hasSuffix(".swift") }.sorted().map { "\(folder)/\($0)" }
  }

  private func text(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
