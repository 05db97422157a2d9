// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// Shows what an application is told, what it may ask for, and how it ends. Its first argument says which.
@main
struct Facts {
  static func main() {
    switch Program.arguments.first?.first {
    case UInt8(ascii: "c"): copy()
    case UInt8(ascii: "l"): lines()
    case UInt8(ascii: "e"): endInThread()
    case UInt8(ascii: "a"): askable()
    case UInt8(ascii: "n"): names()
    case UInt8(ascii: "r"): rest()
    default: words()
    }
  }

  static func say(_ text: String) { Console.output.write(text + "\n") }

  static func words() {
    for text in Program.argumentTexts { say("<\(text)>") }
    say(Program.text(of: "GREETING") ?? "none")
    say("\(Program.variable("EMPTY") == [] as [UInt8]?) \(Program.variable("GREET") == nil)")
    say(Program.text(of: "ADDED") ?? "none")
    let count = Console.input.lines().reduce(0) { count, _ in count + 1 }
    say("lines \(count)")
  }

  static func copy() {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while let count = Console.input.read(into: &buffer), count > 0 {
      Console.output.write(buffer[..<count])
    }
    let more = Console.input.read(into: &buffer)
    Console.errors.write("end \(more == 0)\n")
  }

  static func lines() {
    for line in Console.input.lines(limit: 10) {
      say("<\(String(decoding: line, as: UTF8.self))>")
    }
    var one = [UInt8](repeating: 0, count: 1)
    say("end \(Console.input.read(into: &one) == 0)")
  }

  static func endInThread() {
    Thread.start {
      Console.output.write("ending\n")
      Program.end(status: 7)
    }
    Time.sleep(.seconds(10))
    Console.output.write("too late\n")
  }

  static func askable() {
    let asked = Channel<Bool>(capacity: 1)
    Shutdown.whenRequested { _ = asked.send(true) }
    var buffer = [UInt8](repeating: 0, count: 1)
    say("ready \(Shutdown.isRequested) \(Shutdown.wait(deadline: Time.now() + .milliseconds(5)))")
    _ = Console.input.read(into: &buffer, deadline: Time.now() + .milliseconds(5))
    if Program.arguments.count > 1 { while true { Time.sleep(.milliseconds(100)) } }
    say("asked \(asked.receive() == true) \(Shutdown.isRequested) \(Shutdown.wait())")
    Program.end(status: 9)
  }

  static func names() {
    for name in ["127.0.0.1", "::1", "localhost", "LocalHost."] { look(name) }
    if Program.arguments.count > 1 {
      Thread.start { serveNames() }
      Thread.start { serveStreams() }
      Time.sleep(.milliseconds(1))
      for name in ["plain.test", "short", "alias.test.", "long.test", "six.test"] { look(name) }
    }
    for name in ["nothing.invalid", "a b", "", "..", "x..y"] { look(name) }
  }

  static func look(_ name: String) {
    do throws(NameError) {
      // Which come first depends on the routes that there are: here version 4 does.
      let found = try Names.addresses(of: name)
      var text: [UInt8] = []
      for isIPv4 in [true, false] {
        for address in found where address.isIPv4 == isIPv4 {
          text.append(0x20)
          address.appendText(to: &text)
        }
      }
      say("\(name):\(String(decoding: text, as: UTF8.self))")
    } catch {
      switch error {
      case .invalid: say("\(name): invalid")
      case .notFound: say("\(name): notFound")
      case .noServer: say("\(name): noServer")
      case .failed: say("\(name): failed")
      case .timedOut: say("\(name): timedOut")
      case .noNetwork: say("\(name): noNetwork")
      }
    }
  }

  /// A name server of this machine's own.
  static func serveNames() {
    guard var socket = try? UDPSocket(port: 53) else { return say("no port 53") }
    var buffer = [UInt8](repeating: 0, count: 1500)
    while let (count, from) = try? socket.receive(into: &buffer) {
      let query = Array(buffer[..<count])
      // What is made up first: another number, and another name.
      var wrong = answer(query, isStream: false)
      wrong[0] ^= 1
      try? socket.send(wrong[...], to: from)
      wrong[0] ^= 1
      wrong[13] ^= 1
      try? socket.send(wrong[...], to: from)
      try? socket.send(answer(query, isStream: false)[...], to: from)
    }
  }

  static func serveStreams() {
    guard let listener = try? TCPListener(port: 53) else { return say("no port 53") }
    while var connection = try? listener.accept() {
      var buffer = [UInt8](repeating: 0, count: 1500)
      guard let count = try? connection.read(into: &buffer), count > 2 else { continue }
      let bytes = answer(Array(buffer[2..<count]), isStream: true)
      try? connection.write([UInt8(bytes.count >> 8), UInt8(bytes.count & 255)][...])
      try? connection.write(bytes[...])
    }
  }

  static func answer(_ query: [UInt8], isStream: Bool) -> [UInt8] {
    var bytes = query
    bytes.removeLast(11)
    bytes[11] = 0
    bytes[2] = 0x81
    bytes[3] = 0x80
    let isSix = bytes[bytes.count - 3] == 28
    func record(_ type: UInt8, _ data: [UInt8]) {
      bytes[7] += 1
      bytes += [0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(data.count)] + data
    }
    let four: [UInt8] = [10, 1, 2, 3]
    let six: [UInt8] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
    switch bytes[13] {
    case UInt8(ascii: "p"): if isSix { record(28, six) } else { record(1, four) }
    case UInt8(ascii: "s") where bytes[12] == 5: bytes[3] = 0x83
    case UInt8(ascii: "s"): if isSix { record(28, six) }
    case UInt8(ascii: "a"):
      record(5, [1, 120, 0xc0, 18])
      if !isSix {
        bytes[7] += 1
        bytes += [1, 120, 0xc0, 18, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + four
      }
    case UInt8(ascii: "l"):
      if isStream { if !isSix { record(1, four) } } else { bytes[2] = 0x83 }
    default: bytes[3] = 0x83
    }
    return bytes
  }

  /// Says that it was asked for.
  static func made() -> String {
    say("made")
    return "text"
  }

  static func rest() {
    var random = Random()
    let numbers = (0..<1000).map { _ in Int.random(in: 0..<10, using: &random) }
    say("numbers \((0..<10).allSatisfy { numbers.contains($0) }) \(Random.isStrong)")
    var first = [UInt8](repeating: 0, count: 33)
    var second = first
    Random.fill(&first)
    Random.fill(&second)
    say("bytes \(first != second) \(first.contains { $0 != 0 })")

    var order = ""
    // Far apart: a machine that is held up between two lines must not change their order.
    let late = Timer.after(.milliseconds(1500)) { order += "c" }
    Timer.after(.milliseconds(800)) { order += "b" }
    Timer.after(.milliseconds(100)) { order += "a" }
    let never = Timer.after(.milliseconds(500)) { order += "x" }
    never?.cancel()
    var ticks = 0
    let done = Channel<Bool>(capacity: 1)
    var tick: Timer?
    tick = Timer.every(.milliseconds(5)) {
      ticks += 1
      if ticks == 3 {
        tick?.cancel()
        _ = done.send(true)
      }
    }
    _ = done.receive()
    while late!.isPending { Time.sleep(.milliseconds(10)) }
    say("timers \(order) \(ticks) \(late!.isPending) \(tick!.isPending)")

    let log = Logger("part")
    log.error("known")
    log.warning("made \(ticks)")
    log.info("two\nlines")
    log.debug("quiet \(made())")
    say("level \(Logger.threshold == .info) \(log.isOn(.debug))")
    Logger.threshold = .debug
    log.debug("loud")

    Trace.event("not on")
    Trace.start(capacity: 3)
    for name in ["one", "two"] as [StaticString] { Trace.event(name, track: -1) }
    let result = Trace.span("a \"span\"") { () -> Int in
      Trace.event("inside", track: 2)
      Time.sleep(.milliseconds(1))
      return 5
    }
    say("span \(result)")
    Console.output.write(Trace.json())
    Trace.stop()
    say("off \(Trace.isOn)")
  }
}
