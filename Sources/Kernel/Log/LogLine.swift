// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// How much a line of the log matters. The raw value orders them; `letter` begins the line.
public enum LogLevel: UInt8, Sendable {
  /// The kernel cannot go on.
  case panic = 0
  /// Something the user must know and can mend.
  case error = 1
  /// Told to the user: what became of the program (a fatal signal, no memory).
  case notice = 2
  case warning = 3
  case information = 4
  case debug = 5

  var letter: UInt8 {
    switch self {
    case .panic: UInt8(ascii: "P")
    case .error: UInt8(ascii: "E")
    case .notice: UInt8(ascii: "N")
    case .warning: UInt8(ascii: "W")
    case .information: UInt8(ascii: "I")
    case .debug: UInt8(ascii: "D")
    }
  }
}

/// Settings of the log.
public enum Log {
  /// Lines less important than this are dropped. Panics, errors and notices always pass.
  public static func setThreshold(_ level: LogLevel) {
    LogSettings.threshold = level.rawValue
  }

  /// Gives the log the time for its stamps.
  public static func setClock(_ clock: @escaping LogSettings.Clock) {
    LogSettings.clock = clock
  }

  /// Writes one whole line.
  public static func write(_ level: LogLevel, _ component: StaticString, _ text: StaticString) {
    let line = LogLine(level, component)
    line.append(text)
    line.end()
  }

  /// Writes the program's exit status for the tool; the last line of every run that did not fail.
  public static func writeExit(status: Int32) {
    let line = LogLine(bare: ())
    line.append("X ")
    line.append(decimal: Int(status))
    line.end()
  }

  /// Tells the tool that the application wants something of it that it does not do for all.
  public static func writeRequest(_ what: StaticString) {
    let line = LogLine(bare: ())
    line.append("R ")
    line.append(what)
    line.end()
  }

  /// Writes when the phases of the boot were over, in cycles, for `martlet run --boot-trace`.
  public static func writeBootTrace() {
    BootTrace.forEach { phase, cycles in
      let line = LogLine(bare: ())
      line.append("T ")
      line.append(phase.name)
      line.append(" ")
      line.append(decimal: Int(cycles))
      line.end()
    }
  }

  /// Writes one return address of a backtrace for the tool to name.
  public static func writeBacktrace(address: UInt) {
    let line = LogLine(bare: ())
    line.append("B 0x")
    line.append(hexadecimal: address)
    line.end()
  }
}

/// One line of the kernel's log, written to the log port as it is built.
///
/// Format: `L SSSS.UUUUUU component: text`, read by the tool. A line below the threshold costs
/// nothing but the test.
public struct LogLine {
  private let isEnabled: Bool

  public init(_ level: LogLevel, _ component: StaticString) {
    isEnabled =
      level.rawValue <= LogLevel.notice.rawValue
      || level.rawValue <= LogSettings.threshold
    guard isEnabled else { return }
    let microseconds = LogSettings.clock?() ?? 0
    LogPort.write(level.letter)
    LogPort.write(UInt8(ascii: " "))
    append(decimal: Int(microseconds / 1_000_000))
    LogPort.write(UInt8(ascii: "."))
    append(decimal: Int(microseconds % 1_000_000), width: 6)
    LogPort.write(UInt8(ascii: " "))
    append(component)
    append(": ")
  }

  init(bare: Void) {
    isEnabled = true
  }

  public func append(_ text: StaticString) {
    append(text.bytes)
  }

  public func append(_ bytes: RawSpan) {
    guard isEnabled else { return }
    for offset in 0..<bytes.byteCount {
      let byte = bytes.byte(at: offset)
      // A line is one line whatever a program calls its files.
      LogPort.write(byte < 0x20 || byte == 0x7f ? UInt8(ascii: "?") : byte)
    }
  }

  public func append(_ bytes: [UInt8]) {
    append(RawSpan(_elements: bytes.span))
  }

  public func append(decimal value: Int, width: Int = 1) {
    guard isEnabled else { return }
    if value < 0 { LogPort.write(UInt8(ascii: "-")) }
    var digits: UInt = value.magnitude
    var divisor: UInt = 1
    var count = 1
    while digits / divisor >= 10 || count < width {
      divisor *= 10
      count += 1
    }
    while divisor > 0 {
      LogPort.write(UInt8(ascii: "0") + UInt8(digits / divisor))
      digits %= divisor
      divisor /= 10
    }
  }

  public func append(hexadecimal value: UInt, width: Int = 1) {
    guard isEnabled else { return }
    var nibbles = 16
    while nibbles > width && (value >> UInt((nibbles - 1) * 4)) & 15 == 0 { nibbles -= 1 }
    while nibbles > 0 {
      nibbles -= 1
      let nibble = UInt8((value >> UInt(nibbles * 4)) & 15)
      LogPort.write(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
    }
  }

  public func end() {
    guard isEnabled else { return }
    LogPort.write(UInt8(ascii: "\n"))
  }
}
