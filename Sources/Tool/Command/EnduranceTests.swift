// SPDX-License-Identifier: BSD-3-Clause

import Bench
import ToolSupport

/// The tier `long`: millions of requests to each server, without one that is not answered.
enum EnduranceTests {
  static func run(filter: String?) async -> TestTally {
    var tally = TestTally()
    let progress = ToolSupport.Progress()
    for bench in ServerBench.endurance {
      let name = "long/\(bench.name)"
      guard filter.map(name.contains) ?? true else { continue }
      let started = ContinuousClock.now
      let outcome: TestOutcome
      do {
        try await bench.endure(progress)
        outcome = .passed(claims: 1)
      } catch {
        outcome = .failed("\(error)")
      }
      tally.add(TestReporter.report(name, outcome, since: started))
    }
    return tally
  }
}
