// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import MartletConsole
import MartletProgram
import MartletTime

/// How much a record matters.
public enum LoggerLevel: UInt8, Comparable, Sendable {
  case error, warning, info, debug

  /// Less important ones are greater.
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  var letter: UInt8 {
    switch self {
    case .error: UInt8(ascii: "E")
    case .warning: UInt8(ascii: "W")
    case .info: UInt8(ascii: "I")
    case .debug: UInt8(ascii: "D")
    }
  }

  /// By the first letter of its name.
  init?(_ word: [UInt8]) {
    switch word.first {
    case UInt8(ascii: "e"): self = .error
    case UInt8(ascii: "w"): self = .warning
    case UInt8(ascii: "i"): self = .info
    case UInt8(ascii: "d"): self = .debug
    default: return nil
    }
  }
}

/// Writes records of one part of an application to standard error, each as a line
/// `LEVEL SECONDS PART: TEXT` with the seconds of the monotonic clock.
///
/// ```swift
/// import Martlet
///
/// let log = Logger("store")
/// log.info("ready")
/// log.debug("the text is made only when it is written: \(Time.now().nanoseconds)")
/// ```
public struct Logger: Sendable {
  private let part: StaticString

  /// - Parameter part: which part of the application speaks.
  public init(_ part: StaticString) {
    self.part = part
  }

  private static let known = KernelGlobal<LoggerLevel?>(nil)

  /// The least important records that are written. From the launch (see the module's README) until
  /// it is set.
  public static var threshold: LoggerLevel {
    get {
      if let level = known.value { return level }
      let level =
        Program.variable("LOG_LEVEL").flatMap { LoggerLevel($0) } ?? LaunchLevel.threshold
      known.value = level
      return level
    }
    set { known.value = newValue }
  }

  /// Whether records of a level are written.
  public func isOn(_ level: LoggerLevel) -> Bool { level <= Self.threshold }

  public func error(_ text: StaticString) { write(.error, text) }
  public func warning(_ text: StaticString) { write(.warning, text) }
  public func info(_ text: StaticString) { write(.info, text) }
  public func debug(_ text: StaticString) { write(.debug, text) }

  @_disfavoredOverload
  public func error(_ text: @autoclosure () -> String) { write(.error, text()) }
  @_disfavoredOverload
  public func warning(_ text: @autoclosure () -> String) { write(.warning, text()) }
  @_disfavoredOverload
  public func info(_ text: @autoclosure () -> String) { write(.info, text()) }
  @_disfavoredOverload
  public func debug(_ text: @autoclosure () -> String) { write(.debug, text()) }

  /// Writes a record whose text is known when the application is compiled.
  public func write(_ level: LoggerLevel, _ text: StaticString) {
    guard isOn(level) else { return }
    write(level, text.bytes)
  }

  /// Writes a record. The text is made only when it is written.
  @_disfavoredOverload
  public func write(_ level: LoggerLevel, _ text: @autoclosure () -> String) {
    guard isOn(level) else { return }
    let text = text()
    write(level, RawSpan(_elements: text.utf8Span.span))
  }

  /// Writes a record of bytes, whatever the threshold.
  private func write(_ level: LoggerLevel, _ text: RawSpan) {
    var line: [UInt8] = [level.letter, UInt8(ascii: " ")]
    let microseconds = Time.now().nanoseconds / 1000
    Self.append(microseconds / 1_000_000, width: 1, to: &line)
    line.append(UInt8(ascii: "."))
    Self.append(microseconds % 1_000_000, width: 6, to: &line)
    line.append(UInt8(ascii: " "))
    Self.append(part.bytes, to: &line)
    line.append(UInt8(ascii: ":"))
    line.append(UInt8(ascii: " "))
    Self.append(text, to: &line)
    line.append(UInt8(ascii: "\n"))
    // In one piece: no other record comes between.
    Console.errors.write(RawSpan(_elements: line.span))
  }

  private static func append(_ bytes: RawSpan, to line: inout [UInt8]) {
    line.reserveCapacity(line.count + bytes.byteCount + 1)
    for offset in 0..<bytes.byteCount {
      let byte = bytes.byte(at: offset)
      // A record is one line whatever is in it.
      line.append(byte < 0x20 || byte == 0x7f ? UInt8(ascii: "?") : byte)
    }
  }

  private static func append(_ number: UInt64, width: Int, to line: inout [UInt8]) {
    var divisor: UInt64 = 1
    var count = 1
    while number / divisor >= 10 || count < width {
      divisor *= 10
      count += 1
    }
    while divisor > 0 {
      line.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }
}
