// SPDX-License-Identifier: BSD-3-Clause

import MartletProgram

/// What `martlet run --verbose --on host` tells by a variable.
enum LaunchLevel {
  static var threshold: LoggerLevel {
    Program.variable("MARTLET_VERBOSE") != nil ? .debug : .info
  }
}
