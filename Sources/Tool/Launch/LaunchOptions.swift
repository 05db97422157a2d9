// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// What one start changes with respect to the plan.
public struct LaunchOptions: Sendable, Equatable {
  /// How the guest's instructions are executed.
  public enum Accelerator: String, Sendable, CaseIterable {
    /// KVM where the processor and the system offer it, else TCG.
    case auto, kvm, tcg
  }

  /// The QEMU machine.
  public enum Machine: String, Sendable, CaseIterable { case microvm, q35, pc }

  /// What the kernel says at least, from the little to the much.
  public enum LogLevel: String, Sendable, CaseIterable { case error, warning, info, debug }

  public var accelerator = Accelerator.auto
  public var machine = Machine.microvm
  /// Replaces the plan's memory.
  public var memory: ByteSize?
  /// Replaces the arguments after the program's path.
  public var arguments: [String]?
  /// Added to the plan's environment; the same names win over it.
  public var environment: [EnvironmentVariable] = []
  /// One instruction is one nanosecond of guest time; counts repeat.
  public var countsInstructions = false
  /// Whether the kernel is the application: its panics are the application's traps.
  var isNative = false
  /// Whether a native image reads standard input; others need no device for it.
  var readsInput = false
  /// Asks the kernel when the phases of its boot were over.
  public var tracesBoot = false
  /// The guest waits at its first instruction for a debugger at this port of 127.0.0.1.
  public var debuggerPort: UInt16?
  /// Ends the guest after this time.
  public var timeout: Duration?
  /// Shows the whole kernel log.
  public var isVerbose = false
  /// Shows nothing of the kernel's log; it is in the result all the same.
  public var isQuiet = false
  /// How much the kernel says; by default everything when verbose, else warnings and errors.
  public var logLevel: LogLevel?
  /// The guest's network; `nil` for an image without the network's libraries.
  public var network: NetworkOptions?
  /// Whose files are the guest's root's in volumes; `nil` when there are no volumes.
  public var hostOwner: HostOwner?
  /// The instance's name; the plan's name when `nil`.
  public var name: String?

  public init() {}
}
