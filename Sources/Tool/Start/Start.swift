// SPDX-License-Identifier: BSD-3-Clause

import CHost
import Glibc
import QuickStart

/// The quick way of `martlet run`: what has been started before, and of which nothing has changed, is
/// started again without the command's own start. Everything else goes to the command.
///
/// `martlet-start ROOT run …`: ROOT is the checkout, then come the command's words.
@main
struct Start {
  static func main() {
    for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
      _ = open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY)
    }
    let words = CommandLine.arguments
    guard words.count >= 3 else { exit(125) }
    let command = Command(root: words[1], words: Array(words.dropFirst(2)))
    let path = recordPath(of: command)
    guard let bytes = contents(of: path) else { command.become(writing: path) }
    var reader = StartRecordReader(bytes)
    guard let start = reader.start(), let guest = Guest(start) else {
      command.become(writing: path)
    }
    // The emulator makes its machine meanwhile; the guest waits for this.
    guard reader.isUnchanged() else {
      guest.end()
      command.become(writing: path)
    }
    var session = Session(guest, timeout: start.timeout, ports: start.ports)
    switch session.run() {
    case .status(let status): exit(status)
    case .unclear(let cause):
      command.become(explaining: cause, log: session.log, diagnostics: session.diagnostics)
    }
  }

  private static func recordPath(of command: Command) -> String {
    var folder = [CChar](repeating: 0, count: Int(PATH_MAX))
    let current = getcwd(&folder, folder.count).map { String(cString: $0) } ?? ""
    let variables = StartKey.variables.map { name in
      getenv(name).map { "=" + String(cString: $0) } ?? ""
    }
    let name = StartKey.name(of: command.words + [current] + variables)
    return "\(command.root)/.build/starts/\(name)"
  }

  private static func contents(of path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_size > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = read(file, &bytes, bytes.count)
    return count == bytes.count ? bytes : nil
  }
}
