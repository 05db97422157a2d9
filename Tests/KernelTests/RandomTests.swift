// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Random
import Testing

@Suite struct RandomTests {
  /// RFC 8439 section 2.3.2.
  @Test func blockMatchesTheRFC() {
    var key = InlineArray<8, UInt32>(repeating: 0)
    for index in 0..<8 {
      let first = UInt32(index * 4)
      key[index] = first | (first + 1) << 8 | (first + 2) << 16 | (first + 3) << 24
    }
    var nonce = InlineArray<3, UInt32>(repeating: 0)
    nonce[0] = 0x0900_0000
    nonce[1] = 0x4a00_0000
    let block = ChaCha20.block(key: key, counter: 1, nonce: nonce)
    let expected: [UInt32] = [
      0xe4e7_f110, 0x1559_3bd1, 0x1fdd_0f50, 0xc471_20a3, 0xc7f4_d1c7, 0x0368_c033, 0x9aaa_2204,
      0x4e6c_d4c3, 0x4664_82d2, 0x09aa_9f07, 0x05d7_c214, 0xa202_8bd9, 0xd19c_12b5, 0xb94e_16de,
      0xe883_d0cb, 0x4e3c_50a2,
    ]
    for index in 0..<16 { #expect(block[index] == expected[index]) }
  }

  /// RFC 8439 appendix A.1, test vector 1: all zero.
  @Test func zeroKeyMatchesTheRFC() {
    let block = ChaCha20.block(
      key: InlineArray(repeating: 0), counter: 0, nonce: InlineArray(repeating: 0))
    #expect(block[0] == 0xade0_b876)
    #expect(block[15] == 0x8665_eeb2)
  }

  @Test func fillsEveryLengthToTheLastByte() {
    var generator = RandomGenerator()
    generator.mix(7)
    for count in 0...200 {
      var seen = [Bool](repeating: false, count: count)
      // A byte that stays zero in 40 tries was not written.
      for _ in 0..<40 {
        var bytes = [UInt8](repeating: 0, count: count)
        var elements = bytes.mutableSpan
        var span = MutableRawSpan(_elements: &elements)
        generator.fill(&span)
        for index in 0..<count where bytes[index] != 0 { seen[index] = true }
      }
      #expect(!seen.contains(false))
    }
  }

  @Test func sameSeedSameNumbersOtherSeedOthers() {
    func numbers(_ seed: UInt64) -> [UInt64] {
      var generator = RandomGenerator()
      generator.mix(seed)
      return (0..<8).map { _ in generator.next() }
    }
    #expect(numbers(1) == numbers(1))
    #expect(numbers(1) != numbers(2))
    #expect(Set(numbers(3)).count == 8)
  }

  @Test func seedBytesOfDifferentLengthDiffer() {
    func first(_ bytes: [UInt8]) -> UInt64 {
      var generator = RandomGenerator()
      generator.mix(bytes.span.bytes)
      return generator.next()
    }
    #expect(first([1]) != first([1, 0]))
    #expect(first([]) != first([0]))
    // A length must not undo what the last byte did.
    #expect(first([6]) != first([5, 0]))
  }
}
