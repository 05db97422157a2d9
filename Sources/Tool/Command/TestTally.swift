// SPDX-License-Identifier: BSD-3-Clause

/// How many tests passed and failed.
struct TestTally: Sendable, Equatable {
  var passed = 0
  var failed = 0
  /// What could not be tried here, which says nothing about whether it works.
  var skipped = 0

  mutating func add(_ other: TestTally) {
    passed += other.passed
    failed += other.failed
    skipped += other.skipped
  }
}

/// How one test ended.
enum TestOutcome: Sendable, Equatable {
  /// It held; one test may make several claims, and say which ones it could not try.
  case passed(claims: Int, skipped: [String] = [])
  /// What differs, over as many lines as it needs.
  case failed(String)
  /// It was not tried, for this reason.
  case skipped(String)
}

/// A test that knows how to run itself.
struct RunnableTest: Sendable {
  /// The folder, a slash and the test's name, such as `sqlite3/adds`.
  var name: String
  var run: @Sendable () async throws -> TestOutcome
}
