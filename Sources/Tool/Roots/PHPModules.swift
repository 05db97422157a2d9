// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Turns on the modules of PHP and puts its settings in place, as the scripts of Debian's packages
/// do with `ucf` and `phpenmod`: a module that is installed is on, for every way to run PHP.
struct PHPModules {
  let staging: StagingFolder

  func enable() throws {
    for version in names("/etc/php") {
      let home = "/etc/php/\(version)"
      let ways = names(home).filter { $0 != "mods-available" }
      for way in ways {
        let general = "/usr/lib/php/\(version)/php.ini-production"
        let target = "\(home)/\(way)/php.ini"
        guard staging.resolve(target) == nil,
          let file = staging.resolve("\(general).\(way)") ?? staging.resolve(general)
        else { continue }
        try staging.put(file, at: target)
      }
      for (name, file) in modules(version) {
        let target = "\(home)/mods-available/\(name)"
        try staging.put(file, at: target)
        let priority = Self.priority(in: (try? String(contentsOfFile: file, encoding: .utf8)) ?? "")
        for way in ways {
          try staging.link("\(home)/\(way)/conf.d/\(priority)-\(name)", to: target)
        }
      }
      // Without memory that is writable and executable PHP would warn at the first pattern.
      for way in ways {
        try staging.write("pcre.jit=0\n", at: "\(home)/\(way)/conf.d/00-martlet.ini")
      }
    }
  }

  /// What the line `; priority=20` says; modules are loaded in the order of their links' names.
  static func priority(in text: String) -> String {
    text.firstMatch(of: /; *priority=(\d+)/).map { String($0.1) } ?? "20"
  }

  /// The settings files that packages bring in /usr/share/phpVERSION-PACKAGE/FOLDER.
  private func modules(_ version: String) -> [(name: String, file: String)] {
    var found: [(String, String)] = []
    for package in names("/usr/share") where package.hasPrefix("php\(version)-") {
      for folder in names("/usr/share/\(package)") {
        let place = "/usr/share/\(package)/\(folder)"
        for name in names(place) where name.hasSuffix(".ini") {
          if let file = staging.resolve("\(place)/\(name)") { found.append((name, file)) }
        }
      }
    }
    return found
  }

  private func names(_ path: String) -> [String] {
    guard let folder = staging.resolve(path) else { return [] }
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }
}
