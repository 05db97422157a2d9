// SPDX-License-Identifier: BSD-3-Clause

import Martlet
import NATCore

/// Translates addresses between the first card (inside) and the second (outside), in poll mode.
@main
struct Translator {
  /// Rounds that find nothing before the processor sleeps: a frame that comes meanwhile costs no
  /// interrupt.
  private static let patience = 32

  static func main() throws(NetworkPortError) {
    let options = Options.read()
    let settings: Settings
    do throws(RuleError) {
      settings = try RuleParser.parse(options.rules)
    } catch {
      var text: [UInt8] = []
      error.appendText(to: &text)
      text.append(0x0a)
      Console.errors.write("nat: rules:")
      Console.errors.write(RawSpan(_elements: text.span))
      Program.end(status: 2)
    }
    let inside = try NetworkPort(0)
    let outside = try NetworkPort(1)
    let nat = NAT(
      settings, inside: inside.address, outside: outside.address,
      seed: UInt64.random(in: 0...UInt64.max))
    var exchange = try Exchange(nat, inside: inside, outside: outside)
    Console.output.write("translating\n")
    var nextReport = options.reportInterval.map { Time.now() + $0 } ?? .never
    var idleRounds = 0
    while true {
      let now = Time.now()
      nat.advance(to: now)
      if exchange.move(at: now) {
        idleRounds = 0
      } else if idleRounds < patience {
        idleRounds += 1
      } else {
        options.sleep(until: min(nat.nextEvent, nextReport))
        idleRounds = 0
      }
      if now >= nextReport, let interval = options.reportInterval {
        nextReport = now + interval
        var text: [UInt8] = []
        nat.appendReport(to: &text)
        Console.errors.write(RawSpan(_elements: text.span))
      }
    }
  }
}
