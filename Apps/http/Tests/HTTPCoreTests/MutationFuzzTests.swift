// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import HTTPCore
import Testing

/// Requests that nearly make sense: nothing traps, the pieces they come in make no difference, and
/// no more is consumed than there is (`Conversation` checks that at every step).
///
/// Some thousand inputs from one seed in an ordinary run; with new seeds for `MARTLET_FUZZ_SECONDS`
/// when that is set. The seed is in the message of a failure; `MARTLET_FUZZ_SEED` repeats it.
@Suite struct MutationFuzzTests {
  @Test func anyBytes() {
    let environment = ProcessInfo.processInfo.environment
    let seconds = environment["MARTLET_FUZZ_SECONDS"].flatMap(Double.init)
    let seed = environment["MARTLET_FUZZ_SEED"].flatMap(UInt64.init)
    guard let seconds else {
      // That many make sense after all: the mutations are not too wild.
      #expect(takenCount(seed: seed ?? 1, rounds: 20_000) ?? 0 > 4000)
      return
    }
    let deadline = Date().addingTimeInterval(seconds)
    while Date() < deadline {
      guard takenCount(seed: seed ?? .random(in: 0 ... .max), rounds: 2_000) != nil else { return }
    }
  }

  /// How many requests were taken in all; nil after a failure.
  private func takenCount(seed: UInt64, rounds: Int) -> Int? {
    var random = SeededGenerator(seed: seed)
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
    for round in 0..<rounds {
      let bytes = mutate(seeds, &random)
      let whole = Conversation(bytes, limits: limits)
      var splits = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        Int.random(in: 0...bytes.count, using: &random)
      }
      splits.sort()
      // Some byte by byte, which no short cut of the parser takes.
      if round % 8 == 0 { splits = Array(0..<bytes.count) }
      if Conversation(bytes, splits: splits, limits: limits) != whole {
        Issue.record("seed \(seed): pieces \(splits) of \(bytes)")
        return nil
      }
      precondition(whole.consumedByteCount <= bytes.count)
      takenCount += whole.requests.count
    }
    return takenCount
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
