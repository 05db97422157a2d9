// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// One thing that `martlet bench` can measure.
public struct Benchmark: Sendable {
  /// What a bench works with.
  public struct Context: Sendable {
    public var progress: Progress
    /// Whether a Linux guest is measured beside Martlet where that is possible.
    public var comparesWithLinux: Bool
    /// Whether servers' instructions and exits are counted rather than their requests timed.
    public var countsInstructions: Bool
    /// How many times servers are measured on each system, in turn.
    public var rounds: Int

    public init(
      progress: Progress, comparesWithLinux: Bool, countsInstructions: Bool = false, rounds: Int = 3
    ) {
      self.countsInstructions = countsInstructions
      self.rounds = rounds
      self.progress = progress
      self.comparesWithLinux = comparesWithLinux
    }
  }

  public var name: String
  /// One sentence for `--help` and the list.
  public var summary: String
  public var measure: @Sendable (Context) async throws -> [Measurement]

  public init(
    name: String, summary: String,
    measure: @escaping @Sendable (Context) async throws -> [Measurement]
  ) {
    self.name = name
    self.summary = summary
    self.measure = measure
  }
}
