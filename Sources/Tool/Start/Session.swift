// SPDX-License-Identifier: BSD-3-Clause

import CHost
import Glibc
import QuickStart

/// One run of a guest to its end: one loop moves its bytes, hears signals and sees it end.
struct Session {
  /// How it ended.
  enum End {
    case status(Int32)
    /// Something that the command explains: `exited N`, `signalled N`, `timeout`, `output N`.
    case unclear(String)
  }

  /// How long the rest of the output may take after the guest was ended.
  private static let grace: UInt64 = 2_000_000_000
  private static let backlog: Int32 = 4096
  /// How often, and how many times, it is looked whether the emulator listens.
  private static let glance: UInt64 = 20_000_000
  private static let glances = 100

  private let guest: Guest
  private let processDescriptor: Int32
  private let signals: Int32
  private var ports: [UInt16]
  private var glancesLeft: Int
  private var input: Flow
  private var output: Flow
  private var errors: Flow
  private var parser = KernelLog()
  private var deadline = UInt64.max
  private var verdict: End?
  private var status: UInt8?
  private var hasPanicked = false
  private var isLogOpen = true
  private var isAlive = true
  private var areDiagnosticsOpen = true

  /// The kernel's log and the emulator's own messages, from the first byte on.
  private(set) var log: [UInt8] = []
  private(set) var diagnostics: [UInt8] = []

  init(_ guest: Guest, timeout: UInt64?, ports: [UInt16]) {
    self.guest = guest
    self.ports = ports
    glancesLeft = ports.isEmpty ? 0 : Self.glances
    signal(SIGPIPE, SIG_IGN)
    signals = martlet_hold_signals()
    processDescriptor = martlet_process_descriptor(guest.process)
    input = Flow(from: 0, to: guest.input)
    output = Flow(from: guest.output, to: 1)
    errors = Flow(from: guest.errors, to: 2)
    if let timeout { deadline = Self.now() &+ timeout }
    guest.begin()
  }

  mutating func run() -> End {
    var nextGlance = Self.now() &+ Self.glance
    var wasTold = false
    while isAlive || isLogOpen || areDiagnosticsOpen || !output.hasEnded || !errors.hasEnded {
      if input.hasEnded, !wasTold {
        wasTold = true
        _ = shutdown(guest.input, Int32(SHUT_WR))
      }
      var wishes = wishes
      let until = glancesLeft > 0 ? min(deadline, nextGlance) : deadline
      let count = poll(&wishes, nfds_t(wishes.count), Self.milliseconds(until))
      if count < 0, errno != EINTR { return .status(125) }
      let now = Self.now()
      if glancesLeft > 0, now >= nextGlance {
        look()
        nextGlance = now &+ Self.glance
      }
      if now >= deadline {
        if let end = verdict ?? told { return end }
        conclude(.unclear("timeout"))
      }
      if count > 0, let end = serve(wishes) { return end }
    }
    return verdict ?? told ?? .unclear("exited 0")
  }

  /// What the kernel told of the program's end. It holds only when the output has been delivered.
  private var told: End? { hasPanicked ? nil : status.map { .status(Int32($0)) } }

  private var wishes: [pollfd] {
    func reading(_ number: Int32, _ wanted: Bool) -> pollfd {
      pollfd(fd: wanted ? number : -1, events: Int16(POLLIN), revents: 0)
    }
    return [
      reading(signals, true), reading(guest.log, isLogOpen), output.wish, errors.wish,
      reading(guest.diagnostics, areDiagnosticsOpen), input.wish,
      reading(processDescriptor, isAlive),
    ]
  }

  /// Serves what has come true; an end that does not wait.
  private mutating func serve(_ wishes: [pollfd]) -> End? {
    if wishes[2].revents != 0 { output.proceed() }
    if wishes[3].revents != 0 { errors.proceed() }
    if wishes[4].revents != 0 {
      areDiagnosticsOpen = Self.take(from: guest.diagnostics, into: &diagnostics)
    }
    if wishes[1].revents != 0 { receiveLog() }
    if wishes[5].revents != 0 {
      input.proceed()
      if input.failure != 0 { input.stop() }
    }
    if wishes[0].revents != 0 {
      let number = martlet_held_signal(signals)
      // A second signal does not wait for a reader that is stuck.
      if let verdict { return verdict }
      conclude(.status(128 + number))
    }
    if wishes[6].revents != 0, isAlive { reap() }
    if output.failure != 0 {
      conclude(output.failure == EPIPE ? .status(141) : .unclear("output \(output.failure)"))
    }
    return nil
  }

  private mutating func receiveLog() {
    let before = log.count
    isLogOpen = Self.take(from: guest.log, into: &log)
    for line in parser.receive(log[before...]) {
      switch line {
      case .exit(let number): status = number
      case .message(.panic, _, _): hasPanicked = true
      case .message(let level, _, let text) where level.isForUsers:
        let bytes = Array("martlet: \(text)\n".utf8)
        _ = write(2, bytes, bytes.count)
      default: break
      }
    }
    // The guest has ended, and all it wrote is in the sockets: the emulator has nothing more to do.
    if told != nil { stop() }
  }

  /// The first verdict holds; it ends the guest.
  private mutating func conclude(_ end: End) {
    guard verdict == nil else { return }
    verdict = end
    stop()
    deadline = Self.now() &+ Self.grace
  }

  /// Ends the guest; what it has written is still delivered, however long its reader takes.
  private mutating func stop() {
    input.stop()
    if isAlive { kill(guest.process, SIGKILL) }
  }

  private mutating func reap() {
    isAlive = false
    var how: Int32 = 0
    while waitpid(guest.process, &how, 0) < 0, errno == EINTR {}
    // The log may still tell a status: nothing is concluded before it has ended.
    while isLogOpen { receiveLog() }
    let number = how & 0x7f
    guard told == nil else { return }
    conclude(.unclear(number == 0 ? "exited \(how >> 8 & 0xff)" : "signalled \(number)"))
  }

  private mutating func look() {
    glancesLeft -= 1
    let count = martlet_widen_backlogs(
      guest.process, ports, Int32(ports.count), Self.backlog)
    if count >= ports.count { glancesLeft = 0 }
  }

  /// Reads what is there; false at the end.
  private static func take(from source: Int32, into bytes: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(source, &buffer, buffer.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return true }
    guard count > 0 else { return false }
    bytes += buffer[..<count]
    return true
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func milliseconds(_ until: UInt64) -> Int32 {
    guard until != .max else { return -1 }
    let now = now()
    return until <= now ? 0 : Int32(clamping: (until - now) / 1_000_000 + 1)
  }
}
