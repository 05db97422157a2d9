// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// All benches, in the order of the report.
public enum BenchmarkRegistry {
  public static let all = counted + ServerBench.all.map(\.benchmark) + [FrameBench.benchmark]

  /// Those that count instructions of one guest: quick, and the numbers repeat.
  public static let counted: [Benchmark] = [
    .program(
      "syscalls", "Instructions of system calls, pipes, page faults and thread switches",
      limits: [
        "null-system-call": 120, "pipe-read": 600, "pipe-write": 600, "page-fault": 1500,
        "thread-switch": 300,
      ]),
    .boot, .memory, .heaps,
  ]

  /// The benches of these names; when there is none, all that need no network.
  public static func named(_ names: [String]) throws -> [Benchmark] {
    guard !names.isEmpty else { return counted }
    return try names.map { name in
      if let found = all.first(where: { $0.name == name }) { return found }
      let known = all.map(\.name)
      let meant = Suggestion.nearest(to: name, among: known).map { "Did you mean '\($0)'? " } ?? ""
      throw ToolError(
        "unknown bench '\(name)'",
        advice: "\(meant)The benches are \(known.joined(separator: ", ")).")
    }
  }
}
