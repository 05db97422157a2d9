// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Foundation
import Lint
import Plan
import ImageBuild
import Launch
import Roots
import ToolSupport

/// `martlet test`: everything that CI runs, or one tier of it.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Runs the tests: all tiers but long and fuzz, or one of them.",
    discussion: """
      unit     lint, then the tests of every module, and of every application that is
               a Swift package with tests, on the host (swift test)
      guest    Tests/Guest: checked output, and C programs compared with Linux
      apps     Apps/*/tests.yaml: the applications with checked output
      network  Tests/Network: servers on bad wires and under attack (MARTLET_NETWORK_LOAD)
      long     ten million requests to the servers, without one time-out, and Apps/*/long.yaml
               (some fifteen minutes)
      fuzz     the parsers with random input, a minute each (MARTLET_FUZZ_SECONDS)
      Prints one line for each test; the last line is `N passed, N failed`, and what could
      not be tried here is told as skipped.
      """)

  /// A part of the tests.
  enum Tier: String, CaseIterable, ExpressibleByArgument {
    case unit, guest, apps, network, long, fuzz
  }

  @Argument(help: "The tier (default: unit, guest, apps and network).")
  var tier: Tier?

  @Option(help: "Runs only tests whose name contains this text.")
  var filter: String?

  @Option(help: "How many guests run at once.")
  var jobs = 2

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    setenv("MARTLET_QUIET", "1", 1)
    let tiers: [Tier] = tier.map { [$0] } ?? [.unit, .guest, .apps, .network]
    var tally = TestTally()
    var isPrepared = false
    for tier in tiers {
      if !isPrepared && [.guest, .apps, .network].contains(tier) {
        await prepareApplications()
        isPrepared = true
      }
      switch tier {
      case .unit:
        if filter == nil { tally.add(await lint()) }
        tally.add(try await HostTests.run(filter: filter))
      case .guest:
        let files = try TestFile.all(in: "\(Repository.root)/Tests/Guest", named: "tests.yaml")
        tally.add(try await runGuests(try files.flatMap { try $0.runnable() }))
        let programs = try await ConformanceTests.prepared(filter: filter)
        tally.add(try await runGuests(programs))
      case .apps:
        let files = try TestFile.all(in: "\(Repository.root)/Apps", named: "tests.yaml")
        tally.add(try await runGuests(try files.flatMap { try $0.runnable() }))
      case .network:
        tally.add(try await runGuests(try NetworkTests.all()))
      case .long:
        tally.add(await EnduranceTests.run(filter: filter))
        let files = try TestFile.all(in: "\(Repository.root)/Apps", named: "long.yaml")
        tally.add(try await runGuests(try files.flatMap { try $0.runnable() }))
      case .fuzz:
        tally.add(try await HostTests.fuzz())
      }
    }
    if tally.skipped > 0 { print("\(tally.skipped) skipped, for the reasons above") }
    print("\(tally.passed) passed, \(tally.failed) failed")
    // A run without a test proves nothing.
    if tally.failed > 0 || tally.passed == 0 { throw ExitCode(1) }
  }

  /// Builds the kernel and the roots of all applications, so that no test's time is spent on it.
  /// What fails here fails again, with its message, in the tests that need it.
  private func prepareApplications() async {
    let folder = "\(Repository.root)/Apps"
    let progress = ToolSupport.Progress()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names.sorted() {
      guard let plan = try? Plan.load(application: name, projectRoot: Repository.root) else {
        continue
      }
      _ = try? await KernelBuilder.kernel(
        for: plan, placement: LaunchOptions().placement(for: plan), progress: progress)
      _ = try? await RootBuilder.archive(for: plan, progress: progress)
    }
  }

  private func lint() async -> TestTally {
    let started = ContinuousClock.now
    let outcome: TestOutcome
    do {
      let status = try await Linter.run()
      outcome = status == 0 ? .passed(claims: 1) : .failed("the sources break rules of the house")
    } catch {
      outcome = .failed("\(error)")
    }
    return TestReporter.report("lint", outcome, since: started)
  }

  private func runGuests(_ tests: [RunnableTest]) async throws -> TestTally {
    let chosen = tests.filter { filter.map($0.name.contains) ?? true }
    return await TestReporter.runAll(chosen, jobs: max(1, jobs))
  }
}
