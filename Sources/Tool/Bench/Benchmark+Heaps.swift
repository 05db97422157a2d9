// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Launch
import Plan
import ToolSupport

extension Benchmark {
  /// Plays recorded allocations of programs on each heap of the kernel and on the C library's.
  public static let heaps = Benchmark(
    name: "heaps", summary: "Instructions and memory of each heap on recorded allocations"
  ) { context in
    var measurements: [Measurement] = []
    for program in TracedProgram.all {
      let trace = try await context.progress.step("Recording \(program.name)") {
        try await program.record()
      }
      for heap in HeapKind.allCases {
        let lines = try await replay(trace, on: heap, context.progress)
        measurements += measured(lines, program, system: heap.system)
      }
      if context.comparesWithLinux {
        let lines = try await context.progress.step("Measuring Linux: heaps") {
          let player = try await LinuxGuest.compile(
            "\(Repository.root)/Tests/Bench/replay.c", name: "replay-\(program.name)",
            flags: ["-DTRACE=\"\(trace)\""])
          return try await LinuxGuest(memory: .mebibytes(512)).run(program: player)
        }
        let text = String(decoding: lines, as: UTF8.self).split(whereSeparator: \.isNewline)
        measurements += measured(text.map(String.init), program, system: "linux")
      }
    }
    return measurements
  }

  /// The heaps that configuration can choose.
  private enum HeapKind: String, CaseIterable {
    case tlsf, buddy, region

    /// The default stands for the system in the report.
    var system: String { self == .tlsf ? "martlet" : "martlet-\(rawValue)" }
  }

  private static func replay(
    _ trace: String, on heap: HeapKind, _ progress: ToolSupport.Progress
  ) async throws -> [String] {
    let position = Position(line: 1, column: 1)
    let symbols = ["HEAP_\(heap.rawValue.uppercased())=y", "HEAP_REPLAY=y"]
    let plan = Plan(
      file: trace, directory: "\(Repository.root)/Tests/Bench", name: "bench-heap-\(heap)",
      command: ["/none"], memory: .mebibytes(512),
      config: symbols.compactMap { ConfigurationLine($0, at: position) })
    let kernel = try await KernelBuilder.kernel(for: plan, progress: progress)
    var options = LaunchOptions()
    options.countsInstructions = true
    options.logLevel = .info
    options.timeout = .seconds(300)
    let launcher = Launcher(
      kernel: kernel.path, symbols: kernel.symbolPath, archive: trace, plan: plan,
      options: options)
    let result = try await progress.step("Measuring the heap \(heap)") {
      try await launcher.run(.captured)
    }
    guard result.status == 0 else { throw ToolError("the heap \(heap) could not play", at: trace) }
    return result.log.compactMap { line in
      line.range(of: "heap-replay: ").map { String(line[$0.upperBound...]) }
    }
  }

  private static func measured(
    _ lines: [String], _ program: TracedProgram, system: String
  ) -> [Measurement] {
    var values: [String: Double] = [:]
    for line in lines {
      let words = line.split(separator: " ")
      if words.count == 2, let value = Double(words[1]) { values[String(words[0])] = value }
    }
    let wanted: [(String, String, Double?)] = [
      ("operation", "instructions", ratio(values["cycles"], values["operations"])),
      ("worst-operation", "instructions", values["worst-cycles"]),
      ("memory", "bytes", values["given-bytes"]),
    ]
    return wanted.compactMap { name, unit, value in
      value.map {
        Measurement(
          bench: "heaps", name: "\(program.name)-\(name)", system: system, value: $0, unit: unit)
      }
    }
  }

  private static func ratio(_ dividend: Double?, _ divisor: Double?) -> Double? {
    guard let dividend, let divisor, divisor > 0 else { return nil }
    return dividend / divisor
  }
}
