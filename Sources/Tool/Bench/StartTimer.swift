// SPDX-License-Identifier: BSD-3-Clause

import CHost
import Foundation
import ToolSupport

/// Times a program from its start to what it brings about.
struct StartTimer {
  /// Milliseconds since the start.
  struct Times {
    /// Until the first byte of the output, or of the answer.
    var answer = 0.0
    /// Until the program has ended by itself.
    var end = 0.0
  }

  /// How long anything may take, in milliseconds.
  private static let patience = 30_000.0

  let words: [String]
  /// Where a client asks, and what; nil to wait for output.
  var port: UInt16?
  var request: [UInt8] = []
  /// Whether the program goes on after its answer, and is stopped.
  var isServer = false

  func run() throws -> Times {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ToolError("cannot make a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var arguments = words.map { strdup($0) }
    defer { for word in arguments { free(word) } }
    arguments.append(nil)
    var process: pid_t = 0
    let start = Self.now()
    let failure = martlet_start_process(words[0], arguments, [], 0, ends[1], &process)
    close(ends[1])
    guard failure == 0 else { throw ToolError("cannot start \(words[0])") }
    var times = Times()
    do {
      try waitForAnswer(at: port, ends[0])
      times.answer = Self.now() - start
    } catch {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
      throw error
    }
    if isServer { kill(process, SIGINT) }
    while Self.readByte(ends[0]) {}
    var status: Int32 = 0
    waitpid(process, &status, 0)
    times.end = Self.now() - start
    guard isServer || status & 0x7f == 0 else { throw ToolError("\(words[0]) was killed") }
    return times
  }

  /// Waits for the first byte.
  private func waitForAnswer(at port: UInt16?, _ output: Int32) throws {
    guard let port else {
      guard Self.readByte(output) else { throw ToolError("\(words[0]) said nothing") }
      return
    }
    let limit = Self.now() + Self.patience
    while Self.now() < limit {
      if Self.ask(port, request) { return }
      usleep(200)
    }
    throw ToolError("nothing answered at port \(port)")
  }

  /// Connects, sends and waits for one byte; false when there is nobody yet.
  private static func ask(_ port: UInt16, _ request: [UInt8]) -> Bool {
    let socket = martlet_connect(port, 20)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    guard write(socket, request, request.count) == request.count else { return false }
    return readByte(socket)
  }

  /// A port of this machine that is free now.
  static func freePort() -> UInt16 {
    UInt16.random(in: 20000...29999)
  }

  private static func readByte(_ source: Int32) -> Bool {
    var byte: UInt8 = 0
    while true {
      let count = read(source, &byte, 1)
      if count >= 0 || errno != EINTR { return count == 1 }
    }
  }

  /// Milliseconds of a clock that only goes forward.
  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
  }
}
