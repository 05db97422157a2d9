// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

/// A server and what clients do to it, on Martlet and on Linux in turn.
public struct ServerBench: Sendable {
  enum System: String, Sendable {
    /// The unmodified program on Martlet, and on Linux.
    case martlet, linux
    /// A native application that serves the same; and its start, as far as the first answer.
    case native, nativeStart
  }

  /// What one load came to in one turn.
  struct Outcome: Sendable {
    var result: LoadResult
    /// What the guest did meanwhile; `nil` when nothing was counted.
    var counts: GuestCounts?
  }

  public var name: String
  /// Under `Apps/`.
  var application: String
  var port: Int
  /// Added to the application's root.
  var files: @Sendable () throws -> [Plan.RootEntry] = { [] }
  var loads: [ServerLoad]
  /// The native application that takes the same loads, as one more system.
  var native: NativeServer?
  /// Added to the program's arguments.
  var options: [String] = []
  /// The loads are run again and again on the same guest until they came to so many requests.
  var leastRequests = 0.0

  /// How long a guest may take until its server answers.
  private static let startLimit = 120

  /// What is made once, before the first turn.
  private struct Prepared: Sendable {
    /// The program's, for Martlet and for Linux.
    var image: Image
    var native: Image?
    var load: String

    func image(of system: System) -> Image { system == .native ? native ?? image : image }
  }

  /// What a guest is started from.
  private struct Image: Sendable {
    var plan: Plan
    var kernel: Kernel
    var archive: RootArchive?
  }

  func measure(_ context: Benchmark.Context) async throws -> [Measurement] {
    let prepared = try await prepare(context.progress)
    var systems: [System] = context.comparesWithLinux ? [.martlet, .linux] : [.martlet]
    if native != nil { systems.append(.native) }
    let rounds = context.countsInstructions ? 1 : context.rounds
    var outcomes: [System: [[Outcome?]]] = [:]
    for round in 1...rounds {
      let taken = try await context.progress.step(
        "Measuring \(name), round \(round) of \(rounds)"
      ) {
        try await takeRound(
          systems, prepared, countsInstructions: context.countsInstructions, context.progress)
      }
      for (system, turn) in taken { outcomes[system, default: []].append(turn) }
    }
    let rows = systems.flatMap { system in
      context.countsInstructions
        ? counted(outcomes[system] ?? [], system)
        : timed(outcomes[system] ?? [], against: outcomes[.linux] ?? [], system)
    }
    if !context.countsInstructions, native != nil {
      return rows + (try await countNative(prepared, context.progress))
    }
    return rows + started(outcomes[.nativeStart] ?? [])
  }

  /// The native application's instructions, where they have a limit, in the run that compares its
  /// rates. A guest of its own: counting takes time.
  private func countNative(
    _ prepared: Prepared, _ progress: ToolSupport.Progress
  ) async throws -> [Measurement] {
    let outcomes = try await progress.step("Counting \(name)'s native instructions") {
      try await takeRound([.native], prepared, countsInstructions: true, progress)
    }
    let rows =
      counted([outcomes[.native] ?? []], .native) + started([outcomes[.nativeStart] ?? []])
    return rows.filter { $0.limit != nil }
  }

  /// Runs all loads on Martlet until they came to `leastRequests`. Throws at the first failure.
  public func endure(_ progress: ToolSupport.Progress) async throws {
    let prepared = try await prepare(progress)
    _ = try await progress.step("Loading \(application)") {
      try await takeRound([.martlet], prepared, countsInstructions: false, progress)
    }
  }

  /// A native application's instructions up to its first answer.
  private func started(_ outcomes: [[Outcome?]]) -> [Measurement] {
    guard let counts = outcomes.first?.first??.counts else { return [] }
    return [
      Measurement(
        bench: name, name: "native-first-answer", system: System.martlet.rawValue,
        value: counts.instructions, unit: "instructions", limit: native?.firstAnswer)
    ]
  }

  private static func work(of outcomes: [Outcome?]) -> Double {
    outcomes.reduce(0) { $0 + ($1?.result.work ?? 0) }
  }

  private func prepare(_ progress: ToolSupport.Progress) async throws -> Prepared {
    // What is missing is told before the long work.
    try TestNetwork().close()
    for word in Set(loads.compactMap(\.words.first)) where word != ServerLoad.ownProgram {
      guard Paths.executable(word) != nil else {
        throw ToolError(
          "\(word) is not installed", advice: "Install it: apt-get install redis-tools wrk iperf3.")
      }
    }
    var plan = try Plan.load(application: application, projectRoot: Repository.root)
    plan.root += try files()
    plan.rootPositions = []
    plan.command += options
    var nativeImage: Image?
    if let native {
      let plan = try Plan.load(application: native.application, projectRoot: Repository.root)
      nativeImage = try await Self.image(of: plan, progress)
    }
    return Prepared(
      image: try await Self.image(of: plan, progress), native: nativeImage,
      load: try await LinuxGuest.compile("\(Repository.root)/Tests/Bench/load.c"))
  }

  private static func image(
    of plan: Plan, _ progress: ToolSupport.Progress
  ) async throws -> Image {
    Image(
      plan: plan, kernel: try await KernelBuilder.kernel(for: plan, progress: progress),
      archive: plan.hasArchive ? try await RootBuilder.archive(for: plan, progress: progress) : nil)
  }

  // MARK: One round

  /// A guest that runs in a network of its own.
  private struct Guest {
    var system: System
    var network: TestNetwork
    var counters: GuestCounters?
    /// The program that runs QEMU in the network.
    var emulator: String
  }

  /// Boots a guest of each system, runs each load on one after the other, and ends the guests.
  ///
  /// Between a load's run on one system and on the other no more time passes than must: what
  /// else the machine has to do changes, and a ratio should not.
  private func takeRound(
    _ systems: [System], _ prepared: Prepared, countsInstructions: Bool,
    _ progress: ToolSupport.Progress
  ) async throws -> [System: [Outcome?]] {
    var guests: [Guest] = []
    defer { for guest in guests { guest.network.close() } }
    // All files first: a program that is being written cannot be started, and whatever is started
    // meanwhile holds it open for a moment.
    for system in systems {
      let network = try TestNetwork()
      guests.append(Guest(system: system, network: network, emulator: ""))
      let counters =
        countsInstructions ? try await GuestCounters(folder: network.folder) : nil
      guests[guests.count - 1].counters = counters
      guests[guests.count - 1].emulator = try network.emulator(more: counters?.arguments ?? [])
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for guest in guests {
        let (system, network, emulator) = (guest.system, guest.network, guest.emulator)
        group.addTask {
          // Without a guest nothing more will come: end the loads, too.
          defer { network.close() }
          try await runGuest(system, prepared.image(of: system), emulator, network)
        }
      }
      let outcome: Result<[System: [Outcome?]], any Error>
      do {
        outcome = .success(try await runLoads(prepared, guests, progress))
      } catch {
        outcome = .failure(error)
      }
      // Only now is a guest's end no failure.
      for guest in guests { guest.network.close() }
      var reasons = ""
      while let end = await group.nextResult() {
        if case .failure(let error) = end, !"\(error)".contains("signal 9") {
          reasons += "\n  \(error)"
        }
      }
      if case .failure(let error) = outcome, !reasons.isEmpty {
        throw ToolError("\(name): \(error)\(reasons)")
      }
      return try outcome.get()
    }
  }

  private func runLoads(
    _ prepared: Prepared, _ guests: [Guest], _ progress: ToolSupport.Progress
  ) async throws -> [System: [Outcome?]] {
    progress.detail("starting")
    let limit = Self.startLimit
    for guest in guests {
      try await guest.network.command(
        [prepared.load, "wait", TestNetwork.guestAddress, "\(port)", "\(limit)"],
        seconds: limit + 10
      ).runChecked("waiting for \(name)'s server on \(guest.system.rawValue)")
    }
    var outcomes: [System: [Outcome?]] = [:]
    if let guest = guests.first(where: { $0.system == .native }), guest.counters != nil,
      native?.firstAnswer != nil
    {
      outcomes[.nativeStart] = [try await answerFirst(on: guest)]
    }
    // iperf3 takes the connection that was tried for a client, and looks again after a while.
    try await Task.sleep(for: .seconds(2))
    repeat {
      for var load in loads {
        if load.words.first == ServerLoad.ownProgram { load.words[0] = prepared.load }
        for guest in guests {
          guard guest.system != .native || native?.goals[load.name] != nil else {
            outcomes[guest.system, default: []].append(nil)
            continue
          }
          progress.detail("\(load.name) on \(guest.system.rawValue)")
          outcomes[guest.system, default: []].append(try await Self.run(load, on: guest))
        }
      }
    } while outcomes.contains { $0 != .nativeStart && Self.work(of: $1) < leastRequests }
    return outcomes
  }

  /// What the guest did from the kernel's entry to its first answer.
  private func answerFirst(on guest: Guest) async throws -> Outcome {
    let page = "http://\(TestNetwork.guestAddress):\(port)/"
    try await guest.network.command(["curl", "-s", "-o", "/dev/null", page], seconds: 30)
      .runChecked("asking \(native?.application ?? name) for its first answer")
    return Outcome(result: LoadResult(rate: 0, work: 1), counts: try guest.counters?.read())
  }

  private static func run(_ load: ServerLoad, on guest: Guest) async throws -> Outcome {
    let before = try guest.counters?.read()
    let result = try await load.run(in: guest.network)
    let counts = try before.flatMap { start in
      try guest.counters.map { try $0.read() - start }
    }
    return Outcome(result: result, counts: counts)
  }

  /// Runs until the network is closed, or throws when the guest ends before.
  private func runGuest(
    _ system: System, _ image: Image, _ emulator: String, _ network: TestNetwork
  ) async throws {
    var options = LaunchOptions()
    options.machine = .q35
    options.network = NetworkOptions(
      backend: .tap(TestNetwork.device),
      addressing: .init(
        addresses: ["\(TestNetwork.guestAddress)/\(TestNetwork.guestPrefixLength)"]))
    if system == .linux { options.isQuiet = true }
    let launcher = Launcher(
      kernel: image.kernel.path, symbols: image.kernel.symbolPath,
      archive: image.archive?.path, plan: image.plan, options: options, qemu: emulator)
    switch system {
    case .martlet, .native, .nativeStart:
      let result = try await launcher.run(.captured)
      let said = String(decoding: (result.output + result.errors).suffix(1000), as: UTF8.self)
      throw ToolError("Martlet: the server ended with status \(result.status)\n  \(said)")
    case .linux:
      let server = try await LinuxServer(
        plan: image.plan, root: image.archive?.path ?? "", folder: network.folder)
      let words = server.vector(from: try launcher.commandLine(.captured))
      let output = try await ExternalCommand(words[0], Array(words.dropFirst())).run()
      let said = (output.text.suffix(1000) + output.errorText.suffix(500))
      throw ToolError("Linux: QEMU ended with status \(output.status)\n  \(said)")
    }
  }

  // MARK: Numbers

  /// How a row is called, and in which column it stands: a native application's numbers are rows of
  /// their own, beside those of Linux under the same load.
  private func place(of load: ServerLoad, _ system: System) -> (name: String, column: String) {
    system == .native ? ("native-\(load.name)", "martlet") : (load.name, system.rawValue)
  }

  private func timed(
    _ turns: [[Outcome?]], against linux: [[Outcome?]], _ system: System
  ) -> [Measurement] {
    loads.indices.flatMap { index -> [Measurement] in
      let load = loads[index]
      let rates = turns.compactMap { $0[index]?.result.rate }
      guard !rates.isEmpty else { return [] }
      let place = place(of: load, system)
      var measurement = Measurement(
        bench: name, name: place.name, system: place.column, value: Ratio.median(of: rates),
        unit: load.unit)
      measurement.samples = rates
      guard system != .linux else { return [measurement] }
      let others = linux.compactMap { $0[index]?.result.rate }
      measurement.ratio = Ratio(
        rates: rates, to: others,
        wanted: system == .native ? native?.goals[load.name]?.ratio : load.wanted)
      guard system == .native, !others.isEmpty else { return [measurement] }
      let other = Measurement(
        bench: name, name: place.name, system: System.linux.rawValue,
        value: Ratio.median(of: others), unit: load.unit)
      return [measurement, other]
    }
  }

  private func counted(_ turns: [[Outcome?]], _ system: System) -> [Measurement] {
    guard let turn = turns.first else { return [] }
    return loads.indices.flatMap { index -> [Measurement] in
      guard let outcome = turn[index], let counts = outcome.counts, outcome.result.work > 0 else {
        return []
      }
      let load = loads[index]
      let place = place(of: load, system)
      let numbers = [
        ("instructions", counts.instructions), ("exits", counts.exits),
        ("notifications", counts.notifications), ("interrupts", counts.interrupts),
      ]
      return numbers.map { unit, count in
        let isLimited = system == .native && unit == "instructions"
        return Measurement(
          bench: name, name: place.name, system: place.column,
          value: count / outcome.result.work, unit: "\(unit)/\(load.part)",
          limit: isLimited ? native?.goals[load.name]?.instructions : nil)
      }
    }
  }
}
