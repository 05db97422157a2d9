// SPDX-License-Identifier: BSD-3-Clause

import CommandLine
import NativeThreads

/// What the launch says about the log.
enum LaunchLevel {
  static var threshold: LoggerLevel {
    NativeRuntime.parameters.text.logLevel == .debug ? .debug : .info
  }
}
