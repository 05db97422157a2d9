// SPDX-License-Identifier: BSD-3-Clause

import EROFS
import Testing

/// Errors are fine, traps and endless loops are not. The checksum is switched off, so that what
/// lies behind it is reached.
@Suite(.enabled(if: ErofsSample.tool != nil, "mkfs.erofs is not installed (erofs-utils)"))
struct EROFSFuzzTests {
  @Test(arguments: [EROFSTests.plain, EROFSTests.inline])
  func survivesDamage(_ options: [String]) throws {
    let sample = try EROFSTests.sample(options)
    var good = sample.bytes
    good[1024 + 8] &= ~1
    let reading = ErofsReading(bytes: good)
    let all = reading.survey()
    #expect(all == sample.contents.count - 1)
    // Where directories and inodes are, damage does most.
    let root = try #require(try reading.inode(""))
    let first = try #require(ErofsArchive(RawSpan(_elements: good.span)).block(0, of: root)).start
    var fuzz = FuzzRun(rounds: 40)
    var changed = 0
    while fuzz.next() {
      let bytes = Self.damaged(good, directory: first, &fuzz.random)
      if ErofsReading(bytes: bytes).survey() != all { changed += 1 }
    }
    #expect(changed > 0, "the damage was never noticed, so it tested nothing")
  }

  private static func damaged(
    _ good: [UInt8], directory: Int, _ random: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = good
    for _ in 0..<Int.random(in: 1...30, using: &random) {
      let place: Int
      switch Int.random(in: 0..<4, using: &random) {
      case 0: place = Int.random(in: 1024..<1152, using: &random)
      case 1: place = min(directory + Int.random(in: 0..<256, using: &random), bytes.count - 1)
      default: place = Int.random(in: 1152..<bytes.count, using: &random)
      }
      let values: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, bytes[place] &+ 1]
      bytes[place] = values.randomElement(using: &random) ?? 0
    }
    bytes[1024..<1028] = good[1024..<1028]
    if Int.random(in: 0..<10, using: &random) == 0 {
      bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
      if bytes.count < 1028 { bytes = Array(good.prefix(1028)) }
    }
    return bytes
  }
}
