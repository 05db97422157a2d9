// SPDX-License-Identifier: BSD-3-Clause

/// How many tests passed and failed.
struct TestTally: Sendable, Equatable {
  var passed = 0
  var failed = 0

  mutating func add(_ other: TestTally) {
    passed += other.passed
    failed += other.failed
  }
}

/// How one test ended.
enum TestOutcome: Sendable, Equatable {
  /// It held; one test may make several claims.
  case passed(claims: Int)
  /// What differs, over as many lines as it needs.
  case failed(String)
}

/// A test that knows how to run itself.
struct RunnableTest: Sendable {
  /// The folder, a slash and the test's name, such as `sqlite3/adds`.
  var name: String
  var run: @Sendable () async throws -> TestOutcome
}
