// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// One thing that `martlet bench` can measure.
public struct Benchmark: Sendable {
  /// What a bench works with.
  public struct Context: Sendable {
    public var progress: Progress
    /// Whether a Linux guest is measured beside Martlet where that is possible.
    public var comparesWithLinux: Bool

    public init(progress: Progress, comparesWithLinux: Bool) {
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
