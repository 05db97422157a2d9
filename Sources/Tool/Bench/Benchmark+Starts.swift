// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

/// Wall times from `./martlet run` to the first byte, and the part of them that QEMU takes before a
/// guest runs.
enum StartBench {
  /// An application, and how it is known that it has started.
  struct Case {
    var name: String
    var arguments: [String] = []
    var guestPort: UInt16?
    var request = ""
    var isServer = false
    var limit: Double?
  }

  static let cases: [Case] = [
    Case(name: "hello"),
    hasServer
      ? Case(
        name: "http", guestPort: 80, request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", isServer: true)
      : Case(name: "echo", guestPort: 7, request: "echo\n", isServer: true),
    Case(name: "redis", arguments: ["--version"]),
    Case(
      name: "fn", guestPort: 80, request: "GET /hello/bench HTTP/1.1\r\nHost: a\r\n\r\n", limit: 10),
  ]

  private static var hasServer: Bool { Paths.isFile("\(Repository.root)/Apps/http/martlet.yaml") }

  static func measure(_ context: Benchmark.Context) async throws -> [Measurement] {
    let bare = try await compileBareGuest()
    var measurements: [Measurement] = []
    for entry in cases {
      let words = try await emulator(of: entry, kernel: bare, context)
      // The same words each time, as with a service: what has been run before starts the quick way.
      let timer = timer(of: entry)
      var starts: [StartTimer.Times] = []
      var own: [Double] = []
      _ = try timer.run()
      // In turn, so that what else the machine does weighs on both alike.
      for _ in 0..<max(5, context.rounds) {
        starts.append(try timer.run())
        own.append(try StartTimer(words: words).run().answer)
      }
      measurements += rows(entry, starts, own)
    }
    if context.comparesWithLinux { measurements += try await linux(bare, context) }
    return measurements
  }

  private static func rows(
    _ entry: Case, _ starts: [StartTimer.Times], _ own: [Double]
  ) -> [Measurement] {
    let whole = starts.map(\.answer)
    let outside = zip(whole, own).map { ($0 - $1) / $0 * 100 }
    let wanted =
      entry.limit == nil
      ? []
      : [row("\(entry.name)-run-to-end", starts.map(\.end), "ms")]
    return [
      row("\(entry.name)-run-to-answer", whole, "ms"),
      row("\(entry.name)-qemu-start", own, "ms"),
      row("\(entry.name)-outside-qemu-start", outside, "%", limit: entry.limit),
    ] + wanted
  }

  private static func row(
    _ name: String, _ samples: [Double], _ unit: String, system: String = "martlet",
    limit: Double? = nil
  ) -> Measurement {
    var measurement = Measurement(
      bench: "boot", name: name, system: system, value: Ratio.median(of: samples), unit: unit,
      limit: limit)
    measurement.samples = samples
    return measurement
  }

  private static func timer(of entry: Case) -> StartTimer {
    var words = ["\(Repository.root)/martlet", "run"]
    let port = entry.guestPort.map { _ in StartTimer.freePort() }
    if let port, let guest = entry.guestPort { words += ["-p", "\(port):\(guest)"] }
    words.append(entry.name)
    if !entry.arguments.isEmpty { words += ["--"] + entry.arguments }
    return StartTimer(
      words: words, port: port, request: Array(entry.request.utf8), isServer: entry.isServer)
  }

  /// The emulator's words for the same machine and devices with a guest that only speaks up.
  private static func emulator(
    of entry: Case, kernel: String, _ context: Benchmark.Context
  ) async throws -> [String] {
    let plan = try Plan.load(application: entry.name, projectRoot: Repository.root)
    var options = LaunchOptions()
    options.arguments = entry.arguments.isEmpty ? nil : entry.arguments
    let built = try await KernelBuilder.kernel(
      for: plan, placement: options.placement(for: plan), progress: context.progress)
    if built.configuration.isOn("VIRTIO_NET") {
      let ports = entry.guestPort.flatMap { PortMapping("\(StartTimer.freePort()):\($0)") }
      options.network = NetworkOptions(ports: ports.map { [$0] } ?? [])
    }
    let archive =
      plan.hasArchive
      ? try await RootBuilder.archive(for: plan, progress: context.progress).path : nil
    let launcher = Launcher(
      kernel: built.path, symbols: built.symbolPath, archive: archive, plan: plan, options: options)
    return try launcher.commandLine(.captured).map { word in
      if word == built.path { return kernel }
      if word.hasPrefix("socket,id=log,") { return "stdio,id=log,signal=off" }
      guard word.hasPrefix("socket,id=") else { return word }
      return "null," + word.split(separator: ",")[1]
    }
  }

  private static func compileBareGuest() async throws -> String {
    let path = "\(try Paths.cache("bench"))/bare.elf"
    try await ExternalCommand(
      "cc",
      [
        "-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-e,start", "-Wl,-Ttext-segment=0x20000",
        "-Wl,-z,noseparate-code", "-Wl,-z,max-page-size=4096", "-o", path,
        "\(Repository.root)/Tests/Bench/bare.S",
      ]
    ).runChecked("compiling bare.S")
    return path
  }

  /// The Linux guest of the other benches, whose one program says hello.
  private static func linux(
    _ bare: String, _ context: Benchmark.Context
  ) async throws -> [Measurement] {
    let program = try await LinuxGuest.compile(
      "\(Repository.root)/Apps/hello-linux/hello.c", name: "hello-start")
    var guest = LinuxGuest(memory: .mebibytes(256))
    guest.countsInstructions = false
    var whole: [Double] = []
    for _ in 0..<max(3, min(context.rounds, 5)) {
      let start = ContinuousClock.now
      _ = try await guest.run(program: program)
      let parts = (ContinuousClock.now - start).components
      whole.append(Double(parts.seconds) * 1000 + Double(parts.attoseconds) / 1e15)
    }
    return [row("hello-run-to-end", whole, "ms", system: "linux")]
  }
}
