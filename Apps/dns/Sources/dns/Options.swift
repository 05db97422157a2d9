// SPDX-License-Identifier: BSD-3-Clause

import DNSCore
import Martlet

/// What the arguments ask for: `[--origin NAME] [--port PORT] [--rate ANSWERS] [-]`.
struct Options {
  /// The zone file.
  var zone: [UInt8] = []
  var origin: DomainName?
  var port: UInt16 = 53
  /// Answers in datagrams to one network each second; 0 for no limit.
  var rate = 1000

  /// A zone for the first try: a name that is reserved for examples, as are the addresses.
  private static let example: StaticString = """
    $ORIGIN example.org.
    $TTL 3600
    @     SOA ns hostmaster 1 7200 3600 1209600 300
          NS  ns
          MX  10 mail
          TXT "a zone that comes with the application"
    ns    A   192.0.2.1
    mail  A   192.0.2.25
    www   CNAME web
    web   A   192.0.2.80
          AAAA 2001:db8::80
    *.any A   192.0.2.99

    """

  static func read() -> Options {
    var options = Options()
    let words = Program.arguments
    var index = 0
    var readsInput = false
    while index < words.count {
      let value = index + 1 < words.count ? words[index + 1] : []
      if words[index].holds("-") {
        readsInput = true
        index += 1
        continue
      } else if words[index].holds("--origin"), let name = DomainName(text: value) {
        options.origin = name
      } else if words[index].holds("--port"), let port = value.number, (1...65_535).contains(port) {
        options.port = UInt16(port)
      } else if words[index].holds("--rate"), let rate = value.number {
        options.rate = rate
      } else {
        Console.errors.write("dns: write [--origin NAME] [--port PORT] [--rate ANSWERS] [-]\n")
        Program.end(status: 2)
      }
      index += 2
    }
    options.zone = readsInput ? readInput() : bytes(of: example)
    return options
  }

  /// All of standard input, up to 16 MiB.
  private static func readInput() -> [UInt8] {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while text.count < 16 << 20, let count = Console.input.read(into: &buffer), count > 0 {
      text += buffer[..<count]
    }
    return text
  }

  private static func bytes(of text: StaticString) -> [UInt8] {
    var result: [UInt8] = []
    for offset in 0..<text.bytes.byteCount { result.append(text.bytes.byte(at: offset)) }
    return result
  }
}

extension Array where Element == UInt8 {
  fileprivate func holds(_ text: StaticString) -> Bool {
    RawSpan(_elements: span).holdsSameBytes(as: text.bytes)
  }

  /// A decimal number of at most seven digits.
  fileprivate var number: Int? {
    guard !isEmpty, count <= 7 else { return nil }
    var value = 0
    for byte in self {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }
}
