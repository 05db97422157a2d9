// SPDX-License-Identifier: BSD-3-Clause

/// What a boot does, in order. A phase is over when it is marked.
public enum BootPhase: Int, Sendable {
  /// Page tables and long mode, by boot.S.
  case firstTables
  /// Descriptors of exceptions.
  case processor
  case heap
  case paging
  case time
  case random
  case threads
  case console
  case files
  case network
  /// The program is loaded, or the application called.
  case main

  static let count = 11

  public var name: StaticString {
    switch self {
    case .firstTables: "first-tables"
    case .processor: "processor"
    case .heap: "heap"
    case .paging: "paging"
    case .time: "time"
    case .random: "random"
    case .threads: "threads"
    case .console: "console"
    case .files: "files"
    case .network: "network"
    case .main: "main"
    }
  }
}

/// When each phase of the boot was over. Marking costs some instructions and no memory.
// SAFETY (all below): kernel code is one thread of control (Docs/Architecture.md).
public enum BootTrace {
  nonisolated(unsafe) private static var cycles = InlineArray<11, UInt64>(repeating: 0)

  /// Says that `phase` is over.
  @inline(__always)
  public static func mark(_ phase: BootPhase) {
    unsafe cycles[phase.rawValue] = CycleCounter.read()
  }

  /// Calls `body` with each phase that was marked, and the cycles from the kernel's entry to its
  /// end.
  public static func forEach(_ body: (BootPhase, UInt64) -> Void) {
    for index in 0..<BootPhase.count {
      let end = unsafe cycles[index]
      guard end != 0, let phase = BootPhase(rawValue: index) else { continue }
      body(phase, end &- CycleCounter.cyclesAtEntry)
    }
  }
}
