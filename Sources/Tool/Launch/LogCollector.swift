// SPDX-License-Identifier: BSD-3-Clause

import QuickStart
import Synchronization
import ToolSupport

/// Keeps the kernel's log of one run and shows users what they must see while it runs.
final class LogCollector: Sendable {
  /// What is known when the log has ended.
  struct Record: Sendable {
    var status: UInt8?
    var hasPanicked = false
    var wantsShutdownRequest = false
    var addresses: [UInt64] = []
    var bootTrace = BootTrace()
    /// The log as text, for after a panic; the oldest lines go when it grows too long.
    var lines: [String] = []
  }

  private struct State {
    var parser = KernelLog()
    var record = Record()
  }

  private static let lineLimit = 20_000
  private let state = Mutex(State())
  private let isVerbose: Bool
  private let showsPanics: Bool
  private let show: @Sendable (String) -> Void

  /// - Parameter showsPanics: whether users see the kernel's own words about a panic.
  init(isVerbose: Bool, showsPanics: Bool = true, show: @escaping @Sendable (String) -> Void) {
    self.isVerbose = isVerbose
    self.showsPanics = showsPanics
    self.show = show
  }

  func receive(_ bytes: [UInt8], count: Int) {
    let lines = state.withLock { state in
      let lines = state.parser.receive(bytes[..<count])
      for line in lines { Self.note(line, in: &state.record) }
      return lines
    }
    for line in lines { present(line) }
  }

  /// Whether the application wants to be asked before it is ended.
  var wantsShutdownRequest: Bool { state.withLock { $0.record.wantsShutdownRequest } }

  /// Ends the log and returns what it said.
  func finish() -> Record {
    let (last, record) = state.withLock { state in
      let last = state.parser.finish()
      if let last { Self.note(last, in: &state.record) }
      return (last, state.record)
    }
    if let last { present(last) }
    return record
  }

  private func present(_ line: KernelLog.Line) {
    switch line {
    case .message(let level, let stamp, let text):
      if isVerbose {
        show("\(level.rawValue) \(stamp) \(text)")
      } else if level.isForUsers && (level != .panic || showsPanics) {
        show("martlet: \(text)")
      }
    case .other(let text): if isVerbose, !text.isEmpty { show("- \(text)") }
    case .exit, .address, .wantsShutdownRequest, .phase: break
    }
  }

  private static func note(_ line: KernelLog.Line, in record: inout Record) {
    switch line {
    case .exit(let status): record.status = status
    case .wantsShutdownRequest: record.wantsShutdownRequest = true
    case .address(let address): record.addresses.append(address)
    case .phase(let name, let cycles): record.bootTrace.phases.append((name, cycles))
    case .message(let level, let stamp, let text):
      if level == .panic { record.hasPanicked = true }
      record.lines.append("\(level.rawValue) \(stamp) \(text)")
    case .other(let text): if !text.isEmpty { record.lines.append("- \(text)") }
    }
    if record.lines.count > lineLimit { record.lines.removeFirst(lineLimit / 2) }
  }
}
