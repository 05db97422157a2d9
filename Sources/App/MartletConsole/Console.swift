// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// The streams by which an application talks to who started it.
///
/// ```swift
/// import Martlet
///
/// Console.output.write("ready\n")
/// Console.errors.write("the disk is full\n")
/// ```
public enum Console {
  /// Standard output of `martlet run`.
  public static var output: ConsoleOutput { ConsoleOutput(port: .output) }

  /// Standard error of `martlet run`.
  public static var errors: ConsoleOutput { ConsoleOutput(port: .errors) }
}

/// One of the two streams. Writing waits until the host has taken the bytes, and cannot fail.
public struct ConsoleOutput: Sendable {
  let port: DebugConsole

  /// Writes bytes as they are.
  public func write(_ bytes: RawSpan) {
    port.write(bytes)
  }

  /// Writes all bytes of a part of an array.
  public func write(_ bytes: ArraySlice<UInt8>) {
    port.write(RawSpan(_elements: bytes.span))
  }

  /// Writes all bytes of an array.
  public func write(_ bytes: [UInt8]) {
    port.write(RawSpan(_elements: bytes.span))
  }

  /// Writes a text that is known when the application is compiled. Costs no memory.
  public func write(_ text: StaticString) {
    port.write(text.bytes)
  }

  /// Writes a text in UTF-8.
  @_disfavoredOverload
  public func write(_ text: String) {
    port.write(RawSpan(_elements: text.utf8Span.span))
  }
}
