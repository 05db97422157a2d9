// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Launch
import Plan
import ToolSupport

/// Frames that go in by one network card and out by another: `l2fwd`, a bridge of Linux, and QEMU
/// by itself, which is what its devices alone can carry.
struct FrameBench: Sendable {
  enum System: String, Sendable, CaseIterable {
    case martlet, linux
    /// A hub in QEMU between the two devices of the host: no guest sees the frames.
    case qemu
  }

  /// What one load came to.
  private struct Outcome: Sendable {
    var result: LoadResult
    var counts: GuestCounts?
  }

  private static let name = "l2fwd"
  private static let wantedRatio = 2.0
  private static let instructionLimit = 300.0
  /// Frames under way: fewer than a queue of a device holds, so that none is lost for that.
  private static let window = 192
  private static let seconds = 5
  private static let startLimit = 120

  private let kernel: Kernel
  private let plan: Plan
  private let program: String

  /// Makes what is started.
  init(_ progress: ToolSupport.Progress) async throws {
    try TestNetwork().close()
    plan = try Plan.load(application: Self.name, projectRoot: Repository.root)
    kernel = try await KernelBuilder.kernel(for: plan, progress: progress)
    program = try await LinuxGuest.compile("\(Repository.root)/Tests/Bench/frames.c")
  }

  static let benchmark = Benchmark(
    name: name, summary: "l2fwd and a bridge of Linux: frames of 64 bytes between two cards"
  ) { context in
    try await FrameBench(context.progress).measure(context)
  }

  private func measure(_ context: Benchmark.Context) async throws -> [Measurement] {
    var systems: [System] = context.comparesWithLinux ? [.martlet, .linux] : [.martlet]
    if !context.countsInstructions { systems.append(.qemu) }
    var outcomes: [System: [Outcome]] = [:]
    if !context.countsInstructions {
      for round in 1...context.rounds {
        for system in systems {
          let outcome = try await context.progress.step(
            "Measuring \(Self.name) on \(system.rawValue), round \(round) of \(context.rounds)"
          ) { try await take(system, countsInstructions: false) }
          outcomes[system, default: []].append(outcome)
        }
      }
    }
    var rows = outcomes.isEmpty ? [] : systems.flatMap { rates(of: $0, outcomes) }
    // In the run that compares rates, too, but of guests of their own: counting takes time.
    for system in context.countsInstructions ? systems : [.martlet] {
      let outcome = try await context.progress.step("Counting \(Self.name) on \(system.rawValue)") {
        try await take(system, countsInstructions: true)
      }
      rows += counts(of: system, outcome)
    }
    return rows
  }

  private func counts(of system: System, _ outcome: Outcome) -> [Measurement] {
    let work = outcome.result.work
    guard let counts = outcome.counts, work > 0 else { return [] }
    return [
      Measurement(
        bench: Self.name, name: "forward", system: system.rawValue,
        value: counts.instructions / work, unit: "instructions/frame",
        limit: system == .martlet ? Self.instructionLimit : nil),
      Measurement(
        bench: Self.name, name: "forward", system: system.rawValue,
        value: counts.exits / work, unit: "exits/frame"),
    ]
  }

  private func rates(of system: System, _ outcomes: [System: [Outcome]]) -> [Measurement] {
    let own = outcomes[system] ?? []
    let rates = own.map(\.result.rate)
    var row = Measurement(
      bench: Self.name, name: system == .qemu ? "qemu-alone" : "forward", system: system.rawValue,
      value: Ratio.median(of: rates), unit: "frames/s")
    row.samples = rates
    if system == .martlet {
      row.ratio = Ratio(
        rates: rates, to: (outcomes[.linux] ?? []).map(\.result.rate), wanted: Self.wantedRatio)
    }
    return [row]
  }

  // MARK: One load

  /// Starts what forwards, loads it, and ends it.
  private func take(_ system: System, countsInstructions: Bool) async throws -> Outcome {
    let network = try TestNetwork()
    defer { network.close() }
    let counters = countsInstructions ? try await GuestCounters(folder: network.folder) : nil
    let emulator = try network.emulator(more: counters?.arguments ?? [])
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        // Without a guest nothing more will come: end the load, too.
        defer { network.close() }
        try await run(system, emulator, network)
      }
      let outcome: Result<Outcome, any Error>
      do {
        outcome = .success(try await load(network, counters))
      } catch {
        outcome = .failure(error)
      }
      network.close()
      var reason = ""
      while let end = await group.nextResult() {
        if case .failure(let error) = end, !"\(error)".contains("signal 9") {
          reason += "\n  \(error)"
        }
      }
      if case .failure(let error) = outcome, !reason.isEmpty {
        throw ToolError("\(Self.name) on \(system.rawValue): \(error)\(reason)")
      }
      return try outcome.get()
    }
  }

  private func load(_ network: TestNetwork, _ counters: GuestCounters?) async throws -> Outcome {
    let ends = [TestNetwork.device, TestNetwork.secondDevice]
    try await network.command(
      [program, "wait"] + ends + ["\(Self.startLimit)"], seconds: Self.startLimit + 10
    ).runChecked("waiting for a frame to come through")
    let before = try counters?.read()
    let output = try await network.command(
      [program, "load"] + ends + ["\(Self.seconds)", "\(Self.window)"], seconds: 60
    ).runChecked("sending frames")
    guard let result = LoadOutput.own(output.text) else {
      throw ToolError("the load says nothing that can be understood\n  \(output.text)")
    }
    let counts = try before.flatMap { start in try counters.map { try $0.read() - start } }
    return Outcome(result: result, counts: counts)
  }

  /// Runs until the network is closed, or throws when what forwards ends before.
  private func run(_ system: System, _ emulator: String, _ network: TestNetwork) async throws {
    let words: [String]
    switch system {
    case .martlet:
      let result = try await launcher(emulator).run(.captured)
      throw ToolError("Martlet: l2fwd ended with status \(result.status)")
    case .linux:
      words = try await LinuxServer(bridgeIn: network.folder)
        .vector(from: try launcher(emulator, isLinux: true).commandLine(.captured))
    case .qemu:
      words = [emulator] + Self.hub
    }
    let output = try await ExternalCommand(words[0], Array(words.dropFirst())).run()
    let said = (output.text.suffix(1000) + output.errorText.suffix(500))
    throw ToolError("\(system.rawValue): QEMU ended with status \(output.status)\n  \(said)")
  }

  private func launcher(_ emulator: String, isLinux: Bool = false) -> Launcher {
    var options = LaunchOptions()
    options.machine = .q35
    options.network = NetworkOptions(
      backends: [.tap(TestNetwork.device), .tap(TestNetwork.secondDevice)])
    options.isQuiet = isLinux
    if isLinux { options.memory = .mebibytes(256) }
    return Launcher(
      kernel: kernel.path, symbols: kernel.symbolPath, archive: nil, plan: plan, options: options,
      qemu: emulator)
  }

  /// A machine without anything, and a hub between the two devices.
  static let hub: [String] = {
    var words = ["-machine", "none", "-nodefaults", "-no-user-config", "-display", "none"]
    for (id, device) in [("a", TestNetwork.device), ("b", TestNetwork.secondDevice)] {
      words += ["-netdev", "tap,id=\(id),ifname=\(device),script=no,downscript=no,vnet_hdr=off"]
      words += ["-netdev", "hubport,id=hub-\(id),hubid=0,netdev=\(id)"]
    }
    return words
  }()
}
