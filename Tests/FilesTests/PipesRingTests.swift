// SPDX-License-Identifier: BSD-3-Clause

import Base
import Testing

@testable import Pipes

/// The ring against a plain array.
@Suite struct PipesRingTests {
  private func put(_ bytes: [UInt8], into ring: inout PipeRing) -> Int {
    ring.write(RawSpan(_elements: bytes.span))
  }

  private func take(_ count: Int, from ring: inout PipeRing) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    var target = MutableRawSpan(_elements: &span)
    let done = ring.read(into: &target)
    return Array(bytes[..<done])
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func behavesAsAQueue(seed: UInt64) {
    var ring = PipeRing()
    var model: [UInt8] = []
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    var nextByte: UInt8 = 0
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    for _ in 0..<3000 {
      if random(2) == 0 {
        let bytes = (0..<random(9000)).map { _ in
          nextByte &+= 1
          return nextByte
        }
        let room = PipeRing.defaultLimit - model.count
        let done = put(bytes, into: &ring)
        #expect(done == min(bytes.count, room))
        model.append(contentsOf: bytes[..<done])
      } else {
        let count = random(9000)
        let expected = Array(model.prefix(count))
        let taken = take(count, from: &ring)
        #expect(taken == expected)
        model.removeFirst(expected.count)
      }
      #expect(ring.count == model.count)
      #expect(ring.freeCount == PipeRing.defaultLimit - model.count)
    }
  }

  @Test func keepsBytesWhenItsLimitShrinks() {
    var ring = PipeRing()
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    _ = put(bytes, into: &ring)
    _ = take(6_000, from: &ring)
    _ = put(Array(bytes[..<3_000]), into: &ring)
    let small = ring.setLimit(4096)
    #expect(!small)
    let fits = ring.setLimit(8192)
    #expect(fits)
    let rest = take(20_000, from: &ring)
    #expect(rest == Array(bytes[6_000...]) + Array(bytes[..<3_000]))
  }
}

@Suite struct PipesEndTests {
  @Test func tellsWhatItsEndsCanDo() throws {
    var ends: (reader: PipeFile, writer: PipeFile)? = PipeFile.pair(flags: .nonBlocking)
    let pipe = try #require(ends?.reader.pipe)
    #expect(ends?.reader.readiness == [])
    #expect(ends?.writer.readiness == [.writable, .writableNormal])
    let full = [UInt8](repeating: 1, count: 65536 - 4095)
    let written = pipe.ring.write(RawSpan(_elements: full.span))
    #expect(written == full.count)
    #expect(ends?.reader.readiness == [.readable, .readableNormal])
    // Less than an atomic write fits: not writable.
    #expect(ends?.writer.readiness == [])
    ends?.reader = PipeFile.pair(flags: []).reader
    #expect(ends?.writer.readiness == .error)
    ends = nil
    #expect(pipe.writerCount == 0 && pipe.readerCount == 0)
  }

  @Test func hangsUpWhenTheLastWriterGoes() throws {
    let reader: PipeFile
    do {
      let ends = PipeFile.pair(flags: .nonBlocking)
      reader = ends.reader
      #expect(reader.readiness.isEmpty)
    }
    #expect(reader.readiness == .hangup)
  }

  @Test func roundsItsCapacityUp() throws {
    let pipe = Pipe()
    #expect(try pipe.setCapacity(1) == 4096)
    #expect(try pipe.setCapacity(4097) == 8192)
    #expect(pipe.capacity == 8192)
    #expect(throws: SystemError.invalidArgument) { try pipe.setCapacity(0) }
    #expect(throws: SystemError.notPermitted) { try pipe.setCapacity(1 << 21) }
  }
}
