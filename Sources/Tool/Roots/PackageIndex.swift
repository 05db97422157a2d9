// SPDX-License-Identifier: BSD-3-Clause

/// Answers what packages there are.
protocol PackageIndex: Sendable {
  /// The candidates of those names that exist; others are left out.
  func packages(named names: [String]) async throws -> [String: DebianPackage]
  /// The names of the packages that stand for a virtual one.
  func providers(of name: String) async throws -> [String]
  /// Names like `name`, the nearest first.
  func names(near name: String) async throws -> [String]
}
