// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// How long a fuzz test runs, and with which numbers: a few rounds with a fixed seed in an ordinary
/// run, for `MARTLET_FUZZ_SECONDS` with a new seed when that is set. `MARTLET_FUZZ_SEED` repeats.
struct FuzzRun {
  let seed: UInt64
  var random: SeededGenerator
  private(set) var round = 0
  private let rounds: Int?
  private let deadline: Date

  init(rounds: Int) {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["MARTLET_FUZZ_SECONDS"].flatMap(Double.init)
    seed =
      environment["MARTLET_FUZZ_SEED"].flatMap(UInt64.init)
      ?? (seconds == nil ? 1 : UInt64.random(in: 0...UInt64.max))
    random = SeededGenerator(seed: seed)
    self.rounds = seconds == nil ? rounds : nil
    deadline = Date().addingTimeInterval(seconds ?? 0)
  }

  /// Counts a round; false when there is to be none.
  mutating func next() -> Bool {
    guard rounds.map({ round < $0 }) ?? (Date() < deadline) else { return false }
    round += 1
    return true
  }
}
