// SPDX-License-Identifier: BSD-3-Clause

import Base
import MartletTime
import Bytes
import MartletConsole

extension Console {
  /// Standard input of `martlet run`.
  public static var input: ConsoleInput { ConsoleInput() }
}

/// What comes in from who started the application.
///
/// ```swift
/// import Martlet
///
/// var buffer = [UInt8](repeating: 0, count: 65_536)
/// while let count = Console.input.read(into: &buffer), count > 0 {
///   Console.output.write(buffer[..<count])
/// }
/// ```
public struct ConsoleInput: Sendable {
  /// Reads what has come, at least one byte.
  ///
  /// - Returns: how many bytes; 0 at the end of input, also when there is none, or no room in
  ///   `bytes`; nil when nothing has come by `deadline`.
  public func read(into bytes: inout MutableRawSpan, deadline: Instant = .never) -> Int? {
    guard bytes.byteCount > 0 else { return 0 }
    return InputSource.read(into: &bytes, until: deadline)
  }

  /// Reads what has come into the start of `buffer`, whose length does not change.
  public func read(into buffer: inout [UInt8], deadline: Instant = .never) -> Int? {
    var elements = buffer.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    return read(into: &bytes, deadline: deadline)
  }

  /// The rest of the input in lines.
  ///
  /// - Parameter limit: a longer line comes in pieces of so many bytes.
  public func lines(limit: Int = 65_536) -> InputLines { InputLines(limit: limit) }
}
