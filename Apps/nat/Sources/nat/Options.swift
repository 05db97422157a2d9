// SPDX-License-Identifier: BSD-3-Clause

import Martlet
import NATCore

/// What the arguments ask for: `[--report SECONDS] [- | RULE...]`.
struct Options {
  /// The rule file.
  var rules: [UInt8] = []
  /// How often the counters are shown; nil for never.
  var reportInterval: Nanoseconds?
  /// Whether something has started threads, with which the processor is not put to sleep.
  private var hasThreads = false

  /// Networks that are reserved for examples, so that nothing is reached by accident.
  private static let example: StaticString = """
    inside 192.168.1.1/24
    outside 203.0.113.2/24 gateway 203.0.113.1
    accept inside

    """

  static func read() -> Options {
    var options = Options()
    var words = Program.arguments[...]
    if let first = words.first, first.span.holds("--report") {
      guard words.count > 1, let seconds = words[words.startIndex + 1].seconds else {
        Console.errors.write("nat: write seconds from 1 to 99999 behind --report\n")
        Program.end(status: 2)
      }
      options.reportInterval = Nanoseconds(seconds: seconds)
      words = words.dropFirst(2)
    }
    if words.isEmpty {
      for offset in 0..<example.bytes.byteCount {
        options.rules.append(example.bytes.byte(at: offset))
      }
    } else if let first = words.first, words.count == 1, first.span.holds("-") {
      options.rules = readInput()
      options.hasThreads = true
    } else {
      // Each argument is a line.
      for word in words {
        options.rules += word
        options.rules.append(0x0a)
      }
    }
    return options
  }

  /// All of standard input, up to 1 MiB.
  private static func readInput() -> [UInt8] {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while text.count < 1 << 20, let count = Console.input.read(into: &buffer), count > 0 {
      text += buffer[..<count]
    }
    return text
  }

  /// Sleeps until there are frames, or until `deadline`.
  func sleep(until deadline: Instant) {
    if hasThreads {
      Time.sleep(.microseconds(50))
    } else {
      NetworkPort.wait(until: deadline)
    }
  }
}

extension Array where Element == UInt8 {
  /// A number of seconds of at most five digits; not 0.
  fileprivate var seconds: Int64? {
    guard !isEmpty, count <= 5 else { return nil }
    var value: Int64 = 0
    for byte in self {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int64(byte - 0x30)
    }
    return value == 0 ? nil : value
  }
}

extension Span where Element == UInt8 {
  fileprivate func holds(_ text: StaticString) -> Bool {
    RawSpan(_elements: self).holdsSameBytes(as: text.bytes)
  }
}
