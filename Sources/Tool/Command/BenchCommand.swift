// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Bench
import Foundation
import ToolSupport

/// `martlet bench`.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures in counted instructions and compares with a Linux guest.",
    discussion: "The benches: "
      + BenchmarkRegistry.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ") + ".")

  @Argument(help: "The benches to run (default: all).")
  var names: [String] = []

  @Option(help: .init("Writes all numbers to this file as JSON.", valueName: "FILE"))
  var json: String?

  @Flag(inversion: .prefixedNo, help: "Measures a Debian Linux guest beside Martlet.")
  var linux = true

  @Flag(
    name: .customLong("icount"),
    help: "Counts instructions; always on, since times say little under emulation.")
  var countsInstructions = false

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    let benches = try BenchmarkRegistry.named(names)
    let context = Benchmark.Context(progress: ToolSupport.Progress(), comparesWithLinux: linux)
    var measurements: [Bench.Measurement] = []
    for bench in benches { measurements += try await bench.measure(context) }
    let report = BenchmarkReport(measurements)
    print(report.table)
    if let json {
      do {
        try Data(try report.json()).write(to: URL(fileURLWithPath: json))
      } catch {
        throw ToolError("cannot write the numbers", at: json, advice: "Choose another file.")
      }
    }
    if !report.isWithinLimits { throw ExitCode(1) }
  }
}
