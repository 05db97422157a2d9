// SPDX-License-Identifier: BSD-3-Clause

import ImageBuild
import Launch
import Plan
import Roots
import ToolSupport

extension Benchmark {
  /// The least memory with which a program still does its work.
  public static let memory = Benchmark(
    name: "memory", summary: "The least memory for hello and sqlite3"
  ) { context in
    var measurements: [Measurement] = []
    for (name, arguments, expected, beyond) in [
      ("hello-linux", [], "Hello", nil),
      ("sqlite3", [":memory:", "select 6*7"], "42", 6 << 20 as UInt64?),
    ] {
      let plan = try Plan.load(application: name, projectRoot: Repository.root)
      let kernel = try await KernelBuilder.kernel(for: plan, progress: context.progress)
      let archive = try await RootBuilder.archive(for: plan, progress: context.progress)
      let size = UInt64(archive.byteCount)
      let least = try await context.progress.step("Measuring the least memory of \(name)") {
        try await leastMemory(step: 64 << 10, from: size, to: size + 64 << 20) { memory in
          var options = LaunchOptions()
          options.memory = memory
          options.arguments = arguments
          options.timeout = .seconds(60)
          options.isQuiet = true
          let launcher = Launcher(
            kernel: kernel.path, symbols: kernel.symbolPath, archive: archive.path, plan: plan,
            options: options)
          let result = try? await launcher.run(.captured)
          return result?.status == 0
            && String(decoding: result?.output ?? [], as: UTF8.self).contains(expected)
        }
      }
      measurements += [
        Measurement(
          bench: "memory", name: "\(name)-least", system: "martlet", value: Double(least),
          unit: "bytes"),
        Measurement(
          bench: "memory", name: "\(name)-beyond-archive", system: "martlet",
          value: Double(least) - Double(size), unit: "bytes", limit: beyond.map { Double($0) }),
      ]
    }
    if context.comparesWithLinux { measurements.append(try await linux(context.progress)) }
    return measurements
  }

  private static func linux(_ progress: ToolSupport.Progress) async throws -> Measurement {
    let least = try await progress.step("Measuring the least memory of Linux") {
      let program = try await LinuxGuest.compile("\(Repository.root)/Tests/Bench/boot.c")
      return try await leastMemory(step: 2 << 20, from: 16 << 20, to: 256 << 20) { memory in
        var guest = LinuxGuest(memory: memory)
        guest.timeout = .seconds(60)
        let output = try? await guest.run(program: program)
        return String(decoding: output ?? [], as: UTF8.self).contains("reset-to-main")
      }
    }
    return Measurement(
      bench: "memory", name: "hello-least", system: "linux", value: Double(least), unit: "bytes")
  }

  /// The least multiple of `step` with which `works` says yes, by bisection.
  static func leastMemory(
    step: UInt64, from low: UInt64, to high: UInt64, works: (ByteSize) async throws -> Bool
  ) async throws -> UInt64 {
    var failing = low / step
    var working = (high + step - 1) / step
    guard try await works(ByteSize(bytes: working * step)) else {
      throw ToolError("the program does not work even with \(ByteSize(bytes: working * step))")
    }
    while failing + 1 < working {
      let middle = (failing + working) / 2
      let does = try await works(ByteSize(bytes: middle * step))
      if does { working = middle } else { failing = middle }
    }
    return working * step
  }
}
