// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Runs tests side by side and prints one line for each.
enum TestReporter {
  static func runAll(_ tests: [RunnableTest], jobs: Int) async -> TestTally {
    await withTaskGroup(of: TestTally.self) { group in
      var tally = TestTally()
      var waiting = tests.makeIterator()
      func startNext() {
        guard let test = waiting.next() else { return }
        group.addTask {
          let started = ContinuousClock.now
          do {
            return report(test.name, try await test.run(), since: started)
          } catch {
            return report(test.name, .failed("\(error)"), since: started)
          }
        }
      }
      for _ in 0..<jobs { startNext() }
      while let result = await group.next() {
        tally.add(result)
        startNext()
      }
      return tally
    }
  }

  @discardableResult
  static func report(
    _ name: String, _ outcome: TestOutcome, since started: ContinuousClock.Instant
  ) -> TestTally {
    // Whoever follows a pipe sees each line as it comes.
    defer { fflush(nil) }
    let time = (ContinuousClock.now - started).components
    let tenths = time.attoseconds / 100_000_000_000_000_000
    switch outcome {
    case .passed(let claims, let skipped):
      let count = claims == 1 ? "" : ", \(claims) claims"
      let lines = skipped.map { "\nskip  \(name): \($0)" }.joined()
      print("ok    \(name) (\(time.seconds).\(tenths) s\(count))\(lines)")
      return TestTally(passed: claims, skipped: skipped.count)
    case .skipped(let reason):
      print("skip  \(name): \(reason.split(separator: "\n").joined(separator: "\n      "))")
      return TestTally(skipped: 1)
    case .failed(let reason):
      // One call, so that the lines of two tests do not mix.
      let lines = reason.split(separator: "\n", omittingEmptySubsequences: false).prefix(60)
      print(
        "FAIL  \(name) (\(time.seconds).\(tenths) s)\n      \(lines.joined(separator: "\n      "))")
      return TestTally(failed: 1)
    }
  }
}
