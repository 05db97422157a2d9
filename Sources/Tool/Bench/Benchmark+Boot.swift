// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

extension Benchmark {
  /// From the kernel's first instruction to the program's, and what an image weighs.
  public static let boot = Benchmark(
    name: "boot",
    summary:
      "Instructions from the kernel's entry to the program, image sizes, and times from run to answer"
  ) { context in
    var measurements: [Measurement] = []
    for (name, arguments, limit) in [
      ("hello-linux", [], nil), ("sqlite3", [":memory:", "select 1"], 400_000.0),
      ("redis", ["--version"], nil),
    ] {
      let plan = try Plan.load(application: name, projectRoot: Repository.root)
      var options = LaunchOptions()
      options.arguments = arguments
      options.logLevel = .info
      let kernel = try await KernelBuilder.kernel(
        for: plan, placement: LaunchOptions().placement(for: plan), progress: context.progress)
      let result = try await run(
        plan, kernel: kernel, options: options, progress: context.progress)
      guard let cycles = startCycles(result.log) else {
        throw ToolError("the kernel did not say when \(name) started", at: plan.file)
      }
      measurements += [
        Measurement(
          bench: "boot", name: "\(name)-entry-to-program", system: "martlet", value: cycles,
          unit: "instructions", limit: limit),
        Measurement(
          bench: "boot", name: "\(name)-kernel", system: "martlet",
          value: Double(try Paths.byteCount(of: kernel.path)), unit: "bytes"),
      ]
    }
    measurements += try await native("hello", limit: 15_000, context)
    measurements += try await measureProgram("boot", context)
    measurements += try await StartBench.measure(context)
    if context.comparesWithLinux {
      measurements.append(
        Measurement(
          bench: "boot", name: "hello-kernel", system: "linux",
          value: Double(try Paths.byteCount(of: try await LinuxGuest.kernel())), unit: "bytes"))
    }
    return measurements
  }

  /// From the kernel's entry to an application that is linked in.
  private static func native(
    _ name: String, limit: Double, _ context: Context
  ) async throws -> [Measurement] {
    let plan = try Plan.load(application: name, projectRoot: Repository.root)
    let kernel = try await KernelBuilder.kernel(
      for: plan, placement: LaunchOptions().placement(for: plan), progress: context.progress)
    var options = LaunchOptions()
    options.tracesBoot = true
    options.countsInstructions = true
    let launcher = Launcher(
      kernel: kernel.path, symbols: kernel.symbolPath, archive: nil, plan: plan, options: options)
    let result = try await launcher.run(.captured)
    guard let count = result.bootTrace.end(of: "main") else {
      throw ToolError("the kernel did not say when \(name) started", at: plan.file)
    }
    return [
      Measurement(
        bench: "boot", name: "\(name)-entry-to-main", system: "martlet", value: Double(count),
        unit: "instructions", limit: limit),
      Measurement(
        bench: "boot", name: "\(name)-image", system: "martlet",
        value: Double(try Paths.byteCount(of: kernel.path)), unit: "bytes", limit: 49_152),
    ]
  }

  /// The count in the kernel's line "the program starts after N cycles".
  static func startCycles(_ log: [String]) -> Double? {
    for line in log {
      guard let range = line.range(of: "the program starts after ") else { continue }
      return line[range.upperBound...].split(separator: " ").first.flatMap { Double($0) }
    }
    return nil
  }
}
