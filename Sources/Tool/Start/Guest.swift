// SPDX-License-Identifier: BSD-3-Clause

import CHost
import Glibc
import QuickStart

/// The emulator, started, and this side of its sockets.
struct Guest {
  let process: pid_t
  let input: Int32
  let output: Int32
  let errors: Int32
  let log: Int32
  let diagnostics: Int32
  /// What is written here lets the guest begin.
  let gate: Int32

  /// Starts it; nil when that fails, for the command to tell why.
  init?(_ start: StartRecord.Start) {
    var own: [Int32] = []
    var inherited: [Int32] = []
    for _ in 0..<6 {
      guard let (here, there) = Self.channel() else { return nil }
      own.append(here)
      inherited.append(there)
    }
    defer { for number in inherited { close(number) } }
    var words = start.words
    words[start.commandLineIndex] = Self.renewed(words[start.commandLineIndex])
    var arguments = ([start.emulator] + words + StartRecord.gate).map { strdup($0) }
    arguments.append(nil)
    // Descriptors 3 to 6 are the streams and the log; nothing uses 7; 8 is the gate.
    let streams = Array(inherited[0...3]) + [inherited[3], inherited[5]]
    var process: pid_t = 0
    let failure = martlet_start_process(
      start.emulator, arguments, streams, Int32(streams.count), inherited[4], &process)
    guard failure == 0 else {
      if process > 0 { waitpid(process, nil, 0) }
      for number in own { close(number) }
      return nil
    }
    self.process = process
    input = own[0]
    output = own[1]
    errors = own[2]
    log = own[3]
    diagnostics = own[4]
    gate = own[5]
  }

  /// Lets the guest's processor begin.
  func begin() {
    _ = write(gate, "c\n", 2)
  }

  /// Ends it at once.
  func end() {
    kill(process, SIGKILL)
    waitpid(process, nil, 0)
    for number in [input, output, errors, log, diagnostics, gate] { close(number) }
  }

  /// The kernel's command line with the clock, the seed and the input of this start.
  private static func renewed(_ line: String) -> String {
    line.split(separator: " ", omittingEmptySubsequences: false).map { word in
      if word.hasPrefix("clock=") { return "clock=\(now())" }
      if word.hasPrefix("stdin=") { return isatty(0) == 1 ? "stdin=tty" : "stdin=pipe" }
      if word.hasPrefix("seed=") { return "seed=\(seed())" }
      return String(word)
    }.joined(separator: " ")
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func seed() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<32).map { _ in
      let byte = random.next() & 0xff
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  /// A pair of sockets with numbers far above those that the emulator gets.
  private static func channel() -> (Int32, Int32)? {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
    var size: Int32 = 1 << 20
    let raised = ends.map { end in
      setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, 4)
      let copy = fcntl(end, F_DUPFD_CLOEXEC, 100)
      close(end)
      return copy
    }
    return raised.contains { $0 < 0 } ? nil : (raised[0], raised[1])
  }
}
