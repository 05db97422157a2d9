// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import Plan
import QuickStart
import ToolSupport

/// Starts guests: a kernel, a root archive and a plan become a QEMU process, its streams and an
/// exit status. The `run` command is one user of it; benches and container runtimes are others.
public struct Launcher: Sendable {
  /// The kernel's ELF file, with symbols for the messages of a panic.
  public var kernel: String
  public var symbols: String
  /// The root archive; `nil` when the kernel's file carries it.
  public var archive: String?
  public var plan: Plan
  public var options: LaunchOptions
  /// The program that emulates; by default `$MARTLET_QEMU`, else Debian's.
  public var qemu: String?

  public init(
    kernel: String, symbols: String? = nil, archive: String?, plan: Plan,
    options: LaunchOptions = LaunchOptions(), qemu: String? = nil
  ) {
    self.qemu = qemu
    self.kernel = kernel
    self.symbols = symbols ?? kernel
    self.archive = archive
    self.plan = plan
    self.options = options
    self.options.isNative = plan.kind == .swift
    self.options.readsInput =
      plan.kind != .swift
      || FileManager.default.fileExists(atPath: KernelBuilder.inputMark(of: kernel))
  }

  /// Runs the guest to its end.
  ///
  /// - Returns: the program's status, 124 after the timeout, 128 + n after signal n of the tool,
  ///   141 when the reader of standard output has gone.
  /// - Throws: `ToolError` with status 125 when QEMU or the kernel failed.
  public func run(_ streams: GuestStreams = .inherited) async throws -> GuestResult {
    let machine = try prepared(streams)
    if let ended = EndedStart.taken() {
      return try await judged(ended, memory: machine.memory)
    }
    let accelerator = try options.accelerator.resolved(
      countsInstructions: options.countsInstructions)
    let arguments = machine.vector(accelerator: accelerator)
    let session = GuestSession(
      qemu: try locatedQEMU(), arguments: arguments, launchText: machine.launchText,
      streams: streams, options: options)
    let ended: GuestSession.Ended = try await withCheckedThrowingContinuation { continuation in
      // The session blocks, so it has a thread of its own rather than one of the pool's few.
      Thread.detachNewThread { continuation.resume(with: Result { try session.run() }) }
    }
    return try await judged(ended, memory: machine.memory)
  }

  /// How this start goes the quick way; nil when it needs more than that way has.
  public func quickStart(_ streams: GuestStreams = .inherited) throws -> StartRecord.Start? {
    guard options.isNative, archive == nil, plan.volumes.isEmpty, !options.isVerbose,
      !options.countsInstructions, !options.tracesBoot, options.network?.capture == nil
    else { return nil }
    let machine = try prepared(streams)
    let words = machine.vector(
      accelerator: try options.accelerator.resolved(countsInstructions: false))
    guard !machine.launchText.isTooLong, let index = words.firstIndex(of: "-append") else {
      return nil
    }
    let ports = options.network?.ports.filter { $0.transport == .tcp }.map(\.host) ?? []
    return StartRecord.Start(
      emulator: try locatedQEMU(), words: words, commandLineIndex: index + 1,
      timeout: options.timeout.map(Self.nanoseconds), ports: ports)
  }

  private static func nanoseconds(_ duration: Duration) -> UInt64 {
    let parts = duration.components
    return UInt64(parts.seconds) * 1_000_000_000 + UInt64(parts.attoseconds / 1_000_000_000)
  }

  /// The QEMU command line as it would be run, for `--verbose` and for curious people.
  public func commandLine(_ streams: GuestStreams = .inherited) throws -> [String] {
    let accelerator = try options.accelerator.resolved(
      countsInstructions: options.countsInstructions)
    return [try locatedQEMU()] + (try prepared(streams)).vector(accelerator: accelerator)
  }

  private func locatedQEMU() throws -> String {
    let name = qemu ?? Paths.environment("MARTLET_QEMU") ?? "qemu-system-x86_64"
    guard let path = Paths.executable(name) else {
      throw ToolError(
        "QEMU (\(name)) is not installed",
        advice: "Install it: apt-get install qemu-system-x86; or run ./martlet doctor.")
    }
    return path
  }

  private func prepared(_ streams: GuestStreams) throws -> MachineArguments {
    let archiveByteCount = try archive.map(Paths.byteCount) ?? 0
    let kernelEnd = try Self.physicalEnd(of: kernel)
    let memory = MachineArguments.memory(
      plan: plan, options: options, archiveByteCount: archiveByteCount)
    // The loader puts the archive at the end of memory, and does not look whether the kernel is
    // there already; what lies between them is all that the kernel has to begin with.
    let least = ByteSize(bytes: kernelEnd + UInt64(archiveByteCount) + Self.leastFreeByteCount)
    guard memory >= least else {
      throw ToolError(
        "\(memory) of memory are too little for \(plan.name): the kernel ends at "
          + "\(ByteSize(bytes: kernelEnd)), and its files take "
          + "\(ByteSize(bytes: UInt64(archiveByteCount)))", at: plan.file,
        advice: "Give it more, for example --memory \(least.bytes >> 20 + 16)M.")
    }
    // Counts of instructions repeat only when the seed and the clock do.
    let isRepeatable = options.countsInstructions
    var random = SystemRandomNumberGenerator()
    let seed = (0..<32).map { isRepeatable ? UInt8($0) : UInt8.random(in: 0...255, using: &random) }
    let now = Date().timeIntervalSince1970
    let clock = isRepeatable ? 1_000_000_000_000_000_000 : UInt64(now * 1e6) * 1000
    let text = LaunchText(
      plan: plan, options: options, input: streams.kind, clock: clock, seed: seed)
    return MachineArguments(
      kernel: kernel, archive: archive, name: options.name ?? plan.name, memory: memory,
      options: options, launchText: text, volumes: plan.volumes,
      disks: plan.disks)
  }

  private static let leastFreeByteCount: UInt64 = 256 << 10
  /// Every kernel begins here; see the linker script.
  private static let loadAddress: UInt64 = 2 << 20

  /// Where the guest's memory behind the kernel begins. What is no image is the emulator's to
  /// refuse, which can tell why.
  private static func physicalEnd(of kernel: String) throws -> UInt64 {
    guard FileManager.default.isReadableFile(atPath: kernel) else {
      throw ToolError("cannot read the file", at: kernel)
    }
    return (try? ImageFile(path: kernel))?.physicalEnd ?? loadAddress
  }

  // MARK: The verdict

  private func judged(_ ended: GuestSession.Ended, memory: ByteSize) async throws -> GuestResult {
    var result = GuestResult(
      status: 125, output: ended.output, errors: ended.errors, log: ended.log.lines,
      bootTrace: ended.log.bootTrace)
    switch ended.cause {
    case .timeout:
      StandardError.say("\(plan.name) was ended after its time of \(options.timeout ?? .zero)")
      result.status = 124
    case .signal(let number): result.status = 128 + number
    case .outputFailed(EPIPE): result.status = 141
    case .outputFailed(let failure):
      throw ToolError(
        "cannot write to standard output: \(String(cString: strerror(failure)))")
    case .itself(let end):
      if let status = ended.log.status, !ended.log.hasPanicked {
        result.status = Int32(status)
      } else if options.isNative, ended.log.hasPanicked {
        await showTrap(ended)
        result.status = 134
      } else {
        await showFailure(ended)
        throw explained(end, ended, memory: memory)
      }
    }
    return result
  }

  /// After a panic: the whole log, unless it has been seen, and the names behind the addresses.
  private func showFailure(_ ended: GuestSession.Ended) async {
    if options.isQuiet { return }
    if !options.isVerbose { for line in ended.log.lines { StandardError.write("\(line)\n") } }
    for line in await Symbolizer(kernel: symbols).describe(ended.log.addresses) {
      StandardError.write("  \(line)\n")
    }
  }

  /// After a trap of an application that is linked in: where it happened. What the kernel says
  /// about its registers is for `--verbose`.
  private func showTrap(_ ended: GuestSession.Ended) async {
    if options.isQuiet { return }
    StandardError.say("\(plan.name) trapped:")
    for line in await Symbolizer(kernel: symbols).describe(ended.log.addresses) {
      StandardError.write("  \(line)\n")
    }
  }

  private func explained(
    _ end: GuestProcess.End, _ ended: GuestSession.Ended, memory: ByteSize
  ) -> ToolError {
    let said = ended.diagnostics.split(separator: "\n").suffix(5).joined(separator: "\n  ")
    if ended.log.hasPanicked {
      return ToolError(
        "the kernel panicked while it ran \(plan.name)",
        advice: "This is a bug of Martlet. Please report it with the lines above.")
    }
    switch end {
    case .notStarted(let failure):
      return ToolError(
        "cannot start QEMU: \(String(cString: strerror(failure)))",
        advice: "Run ./martlet doctor.")
    case .signalled(let number):
      return ToolError("QEMU was ended by signal \(number)" + (said.isEmpty ? "" : "\n  \(said)"))
    case .exited(let status):
      if status == 1, let failure = options.network?.explained(said) { return failure }
      if said.contains("memory") || said.contains("too large") {
        return ToolError(
          "QEMU cannot give the guest \(memory) of memory\n  \(said)",
          advice: "Choose another --memory.")
      }
      // isa-debug-exit makes odd numbers; QEMU's own failures end with 1 and a message.
      let text = said.isEmpty ? "" : "\n  \(said)"
      return ToolError(
        said.isEmpty || ended.log.lines.count > 0
          ? "the kernel stopped without telling a status (QEMU exited with \(status))\(text)"
          : "QEMU failed with status \(status)\(text)",
        advice: "Run again with --verbose to see the kernel's log.")
    }
  }
}
