// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// The system calls that the selected families register, read from their sources: each call is one
/// `table.add(.name, …)` in the family that serves it.
struct SystemCallCatalogue {
  let root: String

  /// The calls of `modules`, by number.
  func calls(of modules: [String]) -> [InspectionReport.SystemCall] {
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
    var found: [Int: InspectionReport.SystemCall] = [:]
    for module in modules where module.hasPrefix("Linux") {
      for file in sources(of: module) {
        for match in text(file).matches(of: /\.add\(\s*\.(\w+)/) {
          guard let number = numbers[String(match.1)], let name = names[number] else { continue }
          found[number] = .init(number: number, name: name, library: module)
        }
      }
    }
    return found.values.sorted { $0.number < $1.number }
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
