// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import Testing
import ToolSupport

/// Random bytes and mutated plans: each gives a plan or one `ToolError`, soon.
///
/// Some hundred inputs by default; for `MARTLET_FUZZ_SECONDS` when that is set. The seed is in the
/// message of a failure and can be given as `MARTLET_FUZZ_SEED`.
@Suite struct PlanFuzzTests {
  /// A small, repeatable source of random numbers (SplitMix64).
  struct Source: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  static let corpus = [
    "name: redis\nkind: linux\nroot:\n  - debian: [redis-server]\n  - directory: root\n"
      + "command: [/usr/bin/redis-server, --protected-mode, \"no\"]\nenvironment: {TZ: UTC}\n"
      + "memory: 64MiB\nports: [\"6379:6379\"]\nvolumes: []\nconfig: [NET=y, VIRTIO_NET=y]\n",
    "root: [{program: a.c, to: /bin/a, static: true}, {file: x}]\ncommand: /bin/a\ncwd: /tmp\n",
    "a: &a [x, x]\nb: *a\n<<: *a\n? [1, 2]\n: {x: y}\n--- !!binary |\n  aGk=\n",
    "root:\n- debian: >-\n    a\n    b\ncommand: |\n  /x\nenvironment:\n  A: 'it''s'\n  B: \"\\u263a\\x00\"\n",
    "%YAML 1.1\n%TAG ! tag:x,2000:\n---\nname: !x a\n...\n# end\n",
  ]

  static let tokens = [
    "&a ", "*a", "[", "]", "{", "}", ": ", "- ", "? ", "|", ">", "'", "\"", "\n", "\n  ", "\t", "#",
    "!!map ", "<<: ", "---\n", "...\n", "%YAML 1.2\n", "\u{feff}", "\r", "\\", "\u{0}", "\u{85}",
    "name", "root", "debian", "command", "9999999999999999999999", "~", "null", "\u{1F600}",
  ]

  static func mutated(_ source: inout Source) -> [UInt8] {
    var bytes = Array(corpus.randomElement(using: &source)!.utf8)
    for _ in 0..<Int.random(in: 1...12, using: &source) {
      let at = Int.random(in: 0...bytes.count, using: &source)
      switch Int.random(in: 0..<7, using: &source) {
      case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &source)
      case 1 where at < bytes.count: bytes.remove(at: at)
      case 2: bytes.insert(contentsOf: tokens.randomElement(using: &source)!.utf8, at: at)
      case 3:
        let token = Array(tokens.randomElement(using: &source)!.utf8)
        let count = Int.random(in: 1...2000, using: &source)
        bytes.insert(contentsOf: (0..<count).flatMap { _ in token }, at: at)
      case 4: bytes.removeSubrange(at...)
      case 5:
        let other = Array(corpus.randomElement(using: &source)!.utf8)
        bytes.insert(
          contentsOf: other.prefix(Int.random(in: 0...other.count, using: &source)), at: at)
      default:
        let length = min(40, bytes.count - at)
        bytes.insert(contentsOf: bytes[at..<at + length], at: at)
      }
    }
    return bytes
  }

  @Test func anyBytesGiveAPlanOrOneError() throws {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["MARTLET_FUZZ_SECONDS"].flatMap(Double.init)
    let seed =
      environment["MARTLET_FUZZ_SEED"].flatMap(UInt64.init)
      ?? (seconds == nil ? 1 : UInt64.random(in: 0...UInt64.max))
    let deadline = Date().addingTimeInterval(seconds ?? 0)
    var source = Source(state: seed)
    var count = 0
    while seconds == nil ? count < 800 : Date() < deadline {
      let bytes =
        Int.random(in: 0..<8, using: &source) == 0
        ? (0..<Int.random(in: 0...300, using: &source)).map { _ in
          UInt8.random(in: 0...255, using: &source)
        }
        : Self.mutated(&source)
      let begun = ContinuousClock.now
      do {
        let plan = try Plan.parse(bytes: bytes, file: "fuzz.yaml")
        #expect(plan.command.first?.hasPrefix("/") == true)
      } catch {
        #expect(error.status == 125 && !error.what.isEmpty)
      }
      // Not a measurement: it tells a bomb from a plan.
      if ContinuousClock.now - begun > .seconds(20) {
        Issue.record("seed \(seed), input \(count) took too long: \(bytes)")
        return
      }
      count += 1
    }
    #expect(count > 0)
  }
}
