// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

/// A server and what clients do to it, on Martlet and on Linux in turn.
struct ServerBench: Sendable {
  enum System: String, Sendable { case martlet, linux }

  /// What one load came to in one turn.
  struct Outcome: Sendable {
    var result: LoadResult
    /// What the guest did meanwhile; `nil` when nothing was counted.
    var counts: GuestCounts?
  }

  var name: String
  /// Under `Apps/`.
  var application: String
  var port: Int
  /// Added to the application's root.
  var files: @Sendable () throws -> [Plan.RootEntry] = { [] }
  var loads: [ServerLoad]

  /// How long a guest may take until its server answers.
  private static let startLimit = 120
  /// How long a turn may take in all.
  private static let turnLimit = 3600

  /// What is made once, before the first turn.
  private struct Prepared: Sendable {
    var plan: Plan
    var kernel: Kernel
    var archive: RootArchive
    var load: String
  }

  func measure(_ context: Benchmark.Context) async throws -> [Measurement] {
    let prepared = try await prepare(context.progress)
    let systems: [System] = context.comparesWithLinux ? [.martlet, .linux] : [.martlet]
    let rounds = context.countsInstructions ? 1 : context.rounds
    var outcomes: [System: [[Outcome]]] = [:]
    for round in 1...rounds {
      for system in systems {
        let turn = try await context.progress.step(
          "Measuring \(name) on \(system.rawValue), round \(round) of \(rounds)"
        ) {
          try await take(
            system, prepared, counts: context.countsInstructions, context.progress)
        }
        outcomes[system, default: []].append(turn)
      }
    }
    return systems.flatMap { system in
      context.countsInstructions
        ? counted(outcomes[system] ?? [], system)
        : timed(outcomes[system] ?? [], against: outcomes[.linux] ?? [], system)
    }
  }

  private func prepare(_ progress: ToolSupport.Progress) async throws -> Prepared {
    // What is missing is told before the long work.
    try TestNetwork().close()
    for word in Set(loads.compactMap(\.words.first)) where !word.contains("/") {
      guard Paths.executable(word) != nil else {
        throw ToolError(
          "\(word) is not installed", advice: "Install it: apt-get install redis-tools wrk iperf3.")
      }
    }
    var plan = try Plan.load(application: application, projectRoot: Repository.root)
    plan.root += try files()
    plan.rootPositions = []
    return Prepared(
      plan: plan, kernel: try await KernelBuilder.kernel(for: plan, progress: progress),
      archive: try await RootBuilder.archive(for: plan, progress: progress),
      load: try await LinuxGuest.compile("\(Repository.root)/Tests/Bench/load.c"))
  }

  // MARK: One turn

  /// Boots a guest in a network of its own, runs all loads, and ends the guest.
  private func take(
    _ system: System, _ prepared: Prepared, counts: Bool, _ progress: ToolSupport.Progress
  ) async throws -> [Outcome] {
    let network = try TestNetwork()
    defer { network.close() }
    return try await withThrowingTaskGroup(of: [Outcome].self) { group in
      let counters = counts ? try await GuestCounters(folder: network.folder) : nil
      let emulator = try network.emulator(more: counters?.arguments ?? [])
      group.addTask { try await runGuest(system, prepared, emulator, network) }
      let outcome: Result<[Outcome], any Error>
      do {
        outcome = .success(try await runLoads(prepared, network, counters, progress))
      } catch {
        outcome = .failure(error)
      }
      network.close()
      // Only now is the guest's end no failure.
      let end = await group.nextResult()
      if case .failure(let error) = outcome, case .failure(let reason) = end,
        !"\(reason)".contains("signal 9")
      {
        throw ToolError("\(error)\n  The \(system.rawValue) guest: \(reason)")
      }
      return try outcome.get()
    }
  }

  private func runLoads(
    _ prepared: Prepared, _ network: TestNetwork, _ counters: GuestCounters?,
    _ progress: ToolSupport.Progress
  ) async throws -> [Outcome] {
    progress.detail("starting")
    let limit = Self.startLimit
    try await network.command(
      [prepared.load, "wait", TestNetwork.guestAddress, "\(port)", "\(limit)"], seconds: limit + 10
    ).runChecked("waiting for \(name)'s server")
    var outcomes: [Outcome] = []
    for var load in loads {
      progress.detail(load.name)
      if load.words.first == ServerLoad.ownProgram { load.words[0] = prepared.load }
      let before = try counters?.read()
      let result = try await load.run(in: network)
      let counts = try before.flatMap { start in try counters.map { try $0.read() - start } }
      outcomes.append(Outcome(result: result, counts: counts))
    }
    return outcomes
  }

  /// Runs until the network is closed, or throws when the guest ends before.
  private func runGuest(
    _ system: System, _ prepared: Prepared, _ emulator: String, _ network: TestNetwork
  ) async throws -> [Outcome] {
    var options = LaunchOptions()
    options.machine = .q35
    options.network = NetworkOptions(
      backend: .tap(TestNetwork.device),
      addressing: .init(
        addresses: ["\(TestNetwork.guestAddress)/\(TestNetwork.guestPrefixLength)"]))
    if system == .linux { options.isQuiet = true }
    let launcher = Launcher(
      kernel: prepared.kernel.path, symbols: prepared.kernel.symbolPath,
      archive: prepared.archive.path, plan: prepared.plan, options: options, qemu: emulator)
    switch system {
    case .martlet:
      let result = try await launcher.run(.captured)
      let said = String(decoding: (result.output + result.errors).suffix(1000), as: UTF8.self)
      throw ToolError("the server ended with status \(result.status)\n  \(said)")
    case .linux:
      let server = try await LinuxServer(
        plan: prepared.plan, root: prepared.archive.path, folder: network.folder)
      let words = server.vector(from: try launcher.commandLine(.captured))
      let output = try await ExternalCommand(words[0], Array(words.dropFirst())).run()
      let said = (output.text.suffix(1000) + output.errorText.suffix(500))
      throw ToolError("QEMU ended with status \(output.status)\n  \(said)")
    }
  }

  // MARK: Numbers

  private func timed(
    _ turns: [[Outcome]], against linux: [[Outcome]], _ system: System
  ) -> [Measurement] {
    loads.indices.map { index in
      let load = loads[index]
      let rates = turns.map { $0[index].result.rate }
      var measurement = Measurement(
        bench: name, name: load.name, system: system.rawValue, value: Ratio.median(of: rates),
        unit: load.unit)
      measurement.samples = rates
      if system == .martlet {
        measurement.ratio = Ratio(
          rates: rates, to: linux.map { $0[index].result.rate }, wanted: load.wanted)
      }
      return measurement
    }
  }

  private func counted(_ turns: [[Outcome]], _ system: System) -> [Measurement] {
    guard let turn = turns.first else { return [] }
    return loads.indices.flatMap { index -> [Measurement] in
      guard let counts = turn[index].counts, turn[index].result.work > 0 else { return [] }
      let load = loads[index]
      let numbers = [
        ("instructions", counts.instructions), ("exits", counts.accesses + counts.interrupts),
        ("notifications", counts.notifications), ("interrupts", counts.interrupts),
      ]
      return numbers.map { unit, count in
        Measurement(
          bench: name, name: load.name, system: system.rawValue,
          value: count / turn[index].result.work, unit: "\(unit)/\(load.part)")
      }
    }
  }
}
