// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

extension Benchmark {
  /// A bench that is the C program `Tests/Bench/NAME.c`. It prints lines `name value unit`; it is
  /// linked statically, so that the same file runs in Martlet and as Linux' only process.
  public static func program(
    _ name: String, _ summary: String, limits: [String: Double] = [:],
    memory: ByteSize = .mebibytes(256)
  ) -> Benchmark {
    Benchmark(name: name, summary: summary) { context in
      try await measureProgram(name, limits: limits, memory: memory, context)
    }
  }

  /// Runs `Tests/Bench/NAME.c` in Martlet and, if that is wanted, in Linux.
  static func measureProgram(
    _ name: String, limits: [String: Double] = [:], memory: ByteSize = .mebibytes(256),
    _ context: Context
  ) async throws -> [Measurement] {
    let source = "\(Repository.root)/Tests/Bench/\(name).c"
    guard Paths.isFile(source) else {
      throw ToolError("the bench '\(name)' has no program", at: source)
    }
    let plan = Plan(
      file: source, directory: "\(Repository.root)/Tests/Bench", name: "bench-\(name)",
      root: [.program(sources: [source], output: "/bin/bench", isStatic: true)],
      command: ["/bin/bench"], memory: memory)
    let result = try await run(plan, progress: context.progress)
    var measurements = Measurement.parse(
      result.output, bench: name, system: "martlet", limits: limits)
    if context.comparesWithLinux {
      let output = try await context.progress.step("Measuring Linux: \(name)") {
        let program = try await LinuxGuest.compile(source)
        return try await LinuxGuest(memory: memory).run(program: program)
      }
      measurements += Measurement.parse(output, bench: name, system: "linux")
    }
    return measurements
  }

  /// Boots a plan with counted instructions and returns what it printed.
  ///
  /// - Parameters:
  ///   - kernel: the plan's, where the caller has built it.
  ///   - archive: what is handed over instead of the plan's root.
  public static func run(
    _ plan: Plan, kernel given: Kernel? = nil, archive instead: String? = nil,
    options: LaunchOptions = LaunchOptions(), timeout: Duration = .seconds(300),
    progress: ToolSupport.Progress
  ) async throws -> GuestResult {
    let kernel: Kernel
    if let given {
      kernel = given
    } else {
      kernel = try await KernelBuilder.kernel(for: plan, progress: progress)
    }
    let archive: String
    if let instead {
      archive = instead
    } else {
      archive = try await RootBuilder.archive(for: plan, progress: progress).path
    }
    var options = options
    options.countsInstructions = true
    options.timeout = timeout
    let launcher = Launcher(
      kernel: kernel.path, symbols: kernel.symbolPath, archive: archive, plan: plan,
      options: options)
    let result = try await progress.step("Measuring \(plan.name)") {
      try await launcher.run(.captured)
    }
    guard result.status == 0 else {
      let said = String(decoding: result.errors.suffix(500), as: UTF8.self)
      throw ToolError("the program of \(plan.name) exited with status \(result.status)\n  \(said)")
    }
    return result
  }
}
