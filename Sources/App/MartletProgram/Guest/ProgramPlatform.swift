// SPDX-License-Identifier: BSD-3-Clause

import CommandLine
import NativeImage
import NativeThreads

/// The words of the launch text (Docs/BootProtocol.md).
enum LaunchWords {
  static var arguments: [[UInt8]] {
    // The first one is the application's name.
    Array(NativeRuntime.parameters.text.arguments.dropFirst())
  }

  static var environment: [[UInt8]] { NativeRuntime.parameters.text.environment }
}

enum ProgramEnd {
  static func end(status: Int32) -> Never { endApplication(status: status) }
}
