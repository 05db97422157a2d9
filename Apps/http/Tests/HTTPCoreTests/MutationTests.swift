// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import Testing

/// Requests that nearly make sense: nothing traps, the pieces they come in make no difference, and
/// no more is consumed than there is (`Conversation` checks that at every step).
@Suite struct MutationTests {
  @Test func anyBytes() {
    var random = SeededGenerator(seed: 1)
    let seeds =
      (CorpusTests.examples("valid") + CorpusTests.examples("invalid")).map(\.bytes)
      .filter { $0.count < 500 }
    var takenCount = 0
    var limits = RequestLimits()
    limits.requestLineByteCount = 100
    limits.fieldsByteCount = 300
    limits.fieldCount = 8
    limits.bodyByteCount = 64
    limits.chunkExtensionByteCount = 16
    for round in 0..<20_000 {
      let bytes = mutate(seeds, &random)
      let whole = Conversation(bytes, limits: limits)
      var splits = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        Int.random(in: 0...bytes.count, using: &random)
      }
      splits.sort()
      // Some byte by byte, which no short cut of the parser takes.
      if round % 8 == 0 { splits = Array(0..<bytes.count) }
      if Conversation(bytes, splits: splits, limits: limits) != whole {
        Issue.record("pieces \(splits) of \(bytes)")
        return
      }
      precondition(whole.consumedByteCount <= bytes.count)
      takenCount += whole.requests.count
    }
    #expect(takenCount > 4000)
  }

  private func mutate(_ seeds: [[UInt8]], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = seeds.randomElement(using: &random)!
    if Int.random(in: 0..<3, using: &random) == 0 {
      bytes += seeds.randomElement(using: &random)!
    }
    let marks = octets("\r\n\t :;,/?*%[]\"0123456789abcfxGHT\0\u{7f}") + [0x80, 0xff]
    for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = marks.randomElement(using: &random)!
      case 1: bytes.insert(marks.randomElement(using: &random)!, at: place)
      case 2: bytes.remove(at: place)
      case 3: bytes[place] = .random(in: 0...255, using: &random)
      case 4:
        let end = min(bytes.count, place + Int.random(in: 1...20, using: &random))
        bytes.insert(contentsOf: bytes[place..<end], at: place)
      default: bytes.removeSubrange(place..<min(bytes.count, place + 5))
      }
    }
    return bytes
  }
}
