// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// The words that the process was started with.
enum LaunchWords {
  static var arguments: [[UInt8]] { HostProgram.arguments }
  static var environment: [[UInt8]] { HostProgram.environment }
}

enum ProgramEnd {
  static func end(status: Int32) -> Never { HostProgram.end(status: status) }
}
