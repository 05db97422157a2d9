// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// What `martlet run --boot-trace` tells: what each phase of a boot took, in instructions.
struct BootPhases: Sendable, Equatable {
  struct Phase: Encodable, Sendable, Equatable {
    let name: String
    let start: Int
    let end: Int
  }

  let phases: [Phase]

  /// Reads the file of standard error. Other lines may stand around the table.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ToolError("cannot read the boot trace", at: path)
    }
    phases = Self.parse(String(decoding: data, as: UTF8.self))
    guard !phases.isEmpty else {
      throw ToolError(
        "there is no boot trace in it", at: path,
        advice: "Make one: ./martlet run --boot-trace APP 2> \(path)")
    }
  }

  /// The rows `name own end` behind the heading `phase instructions in all`.
  static func parse(_ text: String) -> [Phase] {
    var phases: [Phase] = []
    var isTable = false
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if words == ["phase", "instructions", "in", "all"] {
        isTable = true
        phases = []
      } else if isTable, words.count == 3, let own = Int(words[1]), let end = Int(words[2]),
        own >= 0, end >= own, end - own == phases.last?.end ?? 0
      {
        phases.append(Phase(name: String(words[0]), start: end - own, end: end))
      } else {
        isTable = false
      }
    }
    return phases
  }
}
