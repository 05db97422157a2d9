// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Testing

@testable import Inspect

extension ImagePart {
  init(
    _ library: String, _ name: String, _ bytes: Int, _ kind: Kind = .text, of module: String? = nil
  ) {
    self.init(
      symbol: name, name: name, library: library, module: module ?? library, kind: kind,
      address: 0, byteCount: bytes)
  }
}

@Suite("Inspection: differences")
struct InspectDifferenceTests {
  private let old = [
    ImagePart("Log", "write", 100), ImagePart("Log", "panic", 50), ImagePart("UDP", "send", 30),
    ImagePart("Log", "buffer", 4096, .zeroed), ImagePart("Base", "same", 8),
  ]
  private let new = [
    ImagePart("Log", "write", 140), ImagePart("Log", "panic", 20), ImagePart("TCP", "listen", 70),
    ImagePart("Base", "same", 8),
  ]

  @Test func eachChangeIsToldWithItsBytes() {
    let difference = ImageDifference(from: "a", old, to: "b", new)
    #expect(difference.functions.map(\.change) == [.came, .grew, .shrank, .went])
    #expect(difference.functions.map(\.symbol) == ["listen", "write", "panic", "send"])
    #expect(difference.functions.map(\.bytes) == [70, 40, -30, -30])
    #expect(difference.libraries.map(\.library) == ["TCP", "UDP", "Log"])
    #expect(difference.libraries.map(\.change) == [.came, .went, .grew])
    #expect(difference.from.bytes == 188 && difference.to.bytes == 238)
    #expect(difference.from.zeroed == 4096 && difference.to.zeroed == 0)
    #expect(
      difference.functions.reduce(0) { $0 + $1.bytes } == difference.to.bytes
        - difference.from.bytes)
  }

  @Test func theTableShowsTotalsAndSigns() {
    let text = DifferenceTable(difference: ImageDifference(from: "a", old, to: "b", new)).text
    for words in ["+50", "Functions that came: 1, +70 bytes", "Functions that went: 1, -30 bytes"] {
      #expect(text.contains(words), "\(text)")
    }
  }

  @Test func whatIsTheSameHasNoDifference() {
    let difference = ImageDifference(from: "a", old, to: "b", old.reversed())
    #expect(difference.functions.isEmpty && difference.libraries.isEmpty)
    #expect(DifferenceTable(difference: difference).text.contains("No library and no function"))
  }

  @Test func functionsOfOneNameAreAddedUp() {
    let twice = [ImagePart("Log", "", 3), ImagePart("Log", "", 4)]
    let once = [ImagePart("Log", "", 9)]
    let difference = ImageDifference(from: "a", twice, to: "b", once)
    #expect(difference.functions.map(\.bytes) == [2])
  }

  @Test func twoFilesAreCompared() async throws {
    let scratch = try ScratchFolder()
    let changed = SmallImage.source.replacing("value * 5", with: "value / (value + 9) * 77")
    let first = try await SmallImage.build(in: scratch, name: "first.elf")
    let second = try await SmallImage.build(in: scratch, name: "second.elf", source: changed)
    let difference = ImageDifference(
      from: "first", try ImageAnatomy(first).parts, to: "second", try ImageAnatomy(second).parts)
    #expect(difference.functions.map(\.symbol) == ["other"])
    #expect(difference.libraries.map(\.library) == ["Gamma"])
    #expect(difference.libraries.first?.change == .grew)
  }
}
