// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Where the program's standard streams lead.
public struct GuestStreams: Sendable {
  /// A place for output.
  public enum Sink: Sendable, Equatable {
    /// A descriptor of this process, by number.
    case descriptor(Int32)
    /// Memory, returned in `GuestResult`.
    case capture
  }

  /// The descriptor that standard input comes from; `nil` for none.
  public var input: Int32?
  public var output: Sink
  public var errors: Sink
  /// Whether SIGINT, SIGTERM and SIGHUP end the guest; one guest at a time in a process.
  public var catchesSignals: Bool

  public init(input: Int32?, output: Sink, errors: Sink, catchesSignals: Bool) {
    self.input = input
    self.output = output
    self.errors = errors
    self.catchesSignals = catchesSignals
  }

  /// The tool's own streams.
  public static let inherited = GuestStreams(
    input: 0, output: .descriptor(1), errors: .descriptor(2), catchesSignals: true)

  /// No input, output kept in memory.
  public static let captured = GuestStreams(
    input: nil, output: .capture, errors: .capture, catchesSignals: false)

  var kind: LaunchText.Input {
    guard let input, fcntl(input, F_GETFD) >= 0 else { return .none }
    return isatty(input) == 1 ? .tty : .pipe
  }
}
