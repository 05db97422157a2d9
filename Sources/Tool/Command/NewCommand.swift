// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Foundation
import ToolSupport

/// `martlet new`: writes the package of an application.
struct NewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Writes a new application: a Swift package that runs as an image of its own.",
    discussion: """
      Makes the folder NAME (or PATH/NAME) with Package.swift, martlet.yaml, sources and a test. \
      Then: martlet run NAME; in the folder, swift test.
      """)

  @Argument(help: "The folder to make; its last part is the application's name.")
  var path: String

  func run() async throws {
    let folder = Paths.absolute(path)
    let name = (folder as NSString).lastPathComponent
    guard Self.isName(name) else {
      throw ToolError(
        "'\(name)' is not a name for a Swift module",
        advice: "Use letters, digits and '_', beginning with a letter.")
    }
    guard !FileManager.default.fileExists(atPath: folder) else {
      throw ToolError("it is there already", at: path, advice: "Choose another name.")
    }
    for file in ApplicationTemplate(name: name, root: Repository.root).files {
      let target = "\(folder)/\(file.path)"
      do {
        try FileManager.default.createDirectory(
          atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try file.text.write(toFile: target, atomically: true, encoding: .utf8)
      } catch {
        throw ToolError("cannot write it: \(error.localizedDescription)", at: target)
      }
    }
    print("\(path): a new application. Run it: ./martlet run \(path)")
  }

  static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, (65...90).contains(first) || (97...122).contains(first)
    else { return false }
    return name.utf8.count <= 63
      && name.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
      }
  }
}
