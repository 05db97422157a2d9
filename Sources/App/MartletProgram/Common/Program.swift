// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// What the application was started with, and its end.
///
/// ```swift
/// import Martlet
///
/// for argument in Program.arguments { print(String(decoding: argument, as: UTF8.self)) }
/// if Program.variable("GREETING") == nil {
///   Console.errors.write("set GREETING\n")
///   Program.end(status: 2)
/// }
/// ```
public enum Program {
  /// The words after the application's name: those of `martlet run APP -- ARG...`, else those of
  /// `command` in martlet.yaml. In bytes, as they came.
  public static var arguments: [[UInt8]] { LaunchWords.arguments }

  /// The variables of `martlet run -e NAME=VALUE` and of `environment` in martlet.yaml, each as
  /// `NAME=VALUE`; on the host also those that it has.
  public static var environment: [[UInt8]] { LaunchWords.environment }

  /// The value of a variable; nil when it is not set.
  ///
  /// - Complexity: O(*n*) in the length of the environment.
  public static func variable(_ name: StaticString) -> [UInt8]? {
    let name = name.bytes
    for entry in environment {
      guard entry.count > name.byteCount, entry[name.byteCount] == UInt8(ascii: "=") else {
        continue
      }
      var index = 0
      while index < name.byteCount, entry[index] == name.byte(at: index) { index += 1 }
      if index == name.byteCount { return Array(entry[(index + 1)...]) }
    }
    return nil
  }

  /// Ends the application with a status, from any thread: `martlet run` exits with its low 8 bits.
  /// What was written goes out first. Other threads do not run on, and nothing that is held is let
  /// go.
  public static func end(status: Int32 = 0) -> Never {
    ProgramEnd.end(status: status)
  }
}

extension Program {
  /// The arguments as texts; bytes that are no UTF-8 become U+FFFD.
  public static var argumentTexts: [String] {
    arguments.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The value of a variable as a text; nil when it is not set.
  public static func text(of name: StaticString) -> String? {
    variable(name).map { String(decoding: $0, as: UTF8.self) }
  }
}
