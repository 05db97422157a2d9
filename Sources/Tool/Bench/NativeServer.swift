// SPDX-License-Identifier: BSD-3-Clause

/// A native application that takes the loads of a `ServerBench`.
struct NativeServer: Sendable {
  /// What is wanted of it under one load.
  struct Goal: Sendable {
    /// How many times the rate of the program on Linux at least.
    var ratio: Double?
    /// Instructions of the guest for each part of the load at most.
    var instructions: Double?
  }

  /// Under `Apps/`.
  var application: String
  /// The loads that it takes, by their names.
  var goals: [String: Goal]
  /// Instructions of the guest from its first one to the first answer at most.
  var firstAnswer: Double?
}
