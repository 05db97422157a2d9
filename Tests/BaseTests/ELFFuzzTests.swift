// SPDX-License-Identifier: BSD-3-Clause

import Base
import ELF
import Testing

/// Whatever the bytes, parsing ends with an image whose promises hold or with an error.
@Suite struct ELFFuzzTests {
  @Test func survivesMutations() {
    var fuzz = FuzzRun(rounds: 5000)
    var builder = ELFBuilder()
    builder.interpreter = "/lib/ld.so"
    builder.headers.append(.init(type: 3, offset: 0x800, fileSize: 11, memorySize: 11))
    builder.headers.append(.init(flags: 6, offset: 0x1000, address: 0x40_1000, memorySize: 0x9000))
    let good = builder.bytes()
    var accepted = 0
    while fuzz.next() {
      let file = Self.mutated(good, &fuzz.random)
      guard let image = try? ELFBuilder.parse(file) else { continue }
      accepted += 1
      guard Self.keepsPromises(image, fileByteCount: file.count) else {
        Issue.record("seed \(fuzz.seed), round \(fuzz.round): \(image.segments)")
        return
      }
    }
    #expect(accepted > 0)
  }

  private static func mutated(_ good: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var file = good
    for _ in 0...Int.random(in: 0..<4, using: &random) {
      let place = Int.random(in: 0..<232, using: &random)
      file[place] =
        Bool.random(using: &random)
        ? [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
        : UInt8.random(in: 0...255, using: &random)
    }
    if Int.random(in: 0..<8, using: &random) == 0 {
      file.removeLast(Int.random(in: 0..<file.count, using: &random))
    }
    return file
  }

  private static func keepsPromises(_ image: ELFImage, fileByteCount: Int) -> Bool {
    var last: UInt = 0
    for segment in image.segments {
      guard segment.address >= last, segment.end <= 0x7c00_0000_0000,
        segment.fileOffset + segment.fileByteCount <= fileByteCount,
        UInt(segment.fileByteCount) <= segment.memoryByteCount
      else { return false }
      last = segment.end
    }
    guard let interpreter = image.interpreter else { return true }
    return !interpreter.isEmpty && interpreter.upperBound < fileByteCount
  }
}
