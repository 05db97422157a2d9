// SPDX-License-Identifier: BSD-3-Clause

import CHost
import Glibc

/// The whole command, for what the quick way does not do.
struct Command {
  /// The checkout, as the shell named it.
  let root: String
  let words: [String]

  /// Becomes the command, which writes a record for the next time.
  func become(writing record: String) -> Never {
    setenv("MARTLET_RECORD", record, 1)
    become()
  }

  /// Becomes the command to say what happened to a guest that has ended.
  func become(explaining cause: String, log: [UInt8], diagnostics: [UInt8]) -> Never {
    let logFile = martlet_file(log, UInt(log.count))
    let diagnosticsFile = martlet_file(diagnostics, UInt(diagnostics.count))
    setenv("MARTLET_ENDED", "\(logFile),\(diagnosticsFile),\(cause)", 1)
    become()
  }

  private func become() -> Never {
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
    signal(SIGPIPE, SIG_DFL)
    var arguments = (["bash", "\(root)/martlet"] + words).map { strdup($0) }
    arguments.append(nil)
    execvp("bash", arguments)
    exit(125)
  }
}
