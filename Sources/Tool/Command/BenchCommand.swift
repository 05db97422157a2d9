// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Bench
import Foundation
import ToolSupport

/// `martlet bench`.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures Martlet and compares it with a Linux guest.",
    discussion: "The benches: "
      + BenchmarkRegistry.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ") + ".")

  @Argument(help: "The benches to run (default: those that need no network).")
  var names: [String] = []

  @Option(help: .init("Writes all numbers to this file as JSON.", valueName: "FILE"))
  var json: String?

  @Flag(inversion: .prefixedNo, help: "Measures a Debian Linux guest beside Martlet.")
  var linux = true

  @Flag(
    name: .customLong("icount"),
    help:
      "Counts servers' instructions and exits for each request; the other benches always count.")
  var countsInstructions = false

  @Option(help: .init("How often servers are measured on each system, in turn.", valueName: "N"))
  var rounds = 3

  func validate() throws {
    if !(1...100).contains(rounds) { throw ValidationError("--rounds takes a number up to 100") }
  }

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    let benches = try BenchmarkRegistry.named(names)
    let context = Benchmark.Context(
      progress: ToolSupport.Progress(), comparesWithLinux: linux,
      countsInstructions: countsInstructions, rounds: rounds)
    var measurements: [Bench.Measurement] = []
    var failure: (any Error)?
    for bench in benches {
      do {
        measurements += try await bench.measure(context)
      } catch {
        // What the others say took minutes and is worth having.
        if let failure { StandardError.say("\(failure)") }
        failure = error
      }
    }
    let report = BenchmarkReport(measurements)
    if !measurements.isEmpty { print(report.table) }
    if let json {
      do {
        try Data(try report.json()).write(to: URL(fileURLWithPath: json))
      } catch {
        throw ToolError("cannot write the numbers", at: json, advice: "Choose another file.")
      }
    }
    if let failure { throw failure }
    if !report.isWithinLimits { throw ExitCode(1) }
  }
}
