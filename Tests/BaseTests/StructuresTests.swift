// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Structures
import Testing

@Suite("Containers")
struct StructuresTests {
  @Test("a ring buffer is a queue", arguments: 0..<20)
  func ringBuffer(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var ring = RingBuffer<Int>(minimumCapacity: Int(seed % 6))
    var model: [Int] = []
    for step in 0..<500 {
      if Int.random(in: 0...9, using: &random) < (step % 100 < 50 ? 7 : 3) {
        ring.append(step)
        model.append(step)
      } else {
        #expect(ring.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
      }
      #expect(ring.count == model.count)
      #expect(ring.first == model.first)
      #expect((0..<ring.count).map { ring[$0] } == model)
    }
    ring.removeAll()
    #expect(ring.isEmpty && ring.popFirst() == nil)
  }

  @Test("a ring buffer lets go of what it hands out")
  func ringBufferReleases() {
    final class Thing {}
    var ring = RingBuffer<Thing>()
    ring.append(Thing())
    weak let thing = ring.first
    #expect(thing != nil)
    _ = ring.popFirst()
    #expect(thing == nil)
  }

  @Test("a byte ring takes what fits and keeps the order", arguments: 1...9)
  func byteRing(capacity: Int) {
    var random = SeededGenerator(seed: UInt64(capacity))
    var ring = ByteRing(capacity: capacity)
    var model: [UInt8] = []
    for step in 0..<2000 {
      let size = Int.random(in: 0...12, using: &random)
      if step % 2 == 0 {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: step &+ $0) }
        let written = ring.write(bytes.span.bytes)
        #expect(written == min(size, capacity - model.count))
        model += bytes.prefix(written)
      } else {
        var bytes = [UInt8](repeating: 0xee, count: size)
        var span = bytes.mutableSpan
        var target = span.mutableBytes
        let read = ring.read(into: &target)
        #expect(read == min(size, model.count))
        #expect(Array(bytes.prefix(read)) == Array(model.prefix(read)))
        #expect(bytes.dropFirst(read).allSatisfy { $0 == 0xee })
        model.removeFirst(read)
      }
      #expect((0..<ring.count).map { ring[$0] } == model)
      #expect(ring.freeCount == capacity - model.count)
    }
  }

  @Test("a bitmap finds the first set and clear bit", arguments: [0, 1, 63, 64, 65, 130])
  func bitmap(size: Int) {
    var random = SeededGenerator(seed: UInt64(size))
    var bitmap = Bitmap(bitCount: size)
    var model = [Bool](repeating: false, count: size)
    for step in 0..<200 {
      if !model.isEmpty {
        let bit = Int.random(in: 0..<model.count, using: &random)
        model[bit] = Int.random(in: 0...3, using: &random) > (step < 100 ? 0 : 2)
        bitmap[bit] = model[bit]
      }
      if step == 150 {
        bitmap.grow(to: size + 70)
        model += [Bool](repeating: false, count: 70)
        bitmap.grow(to: 1)
      }
      #expect(bitmap.bitCount == model.count)
      #expect(bitmap.setCount == model.count { $0 })
      let start = Int.random(in: 0...model.count, using: &random)
      #expect(bitmap.firstSet(from: start) == model[start...].firstIndex(of: true))
      #expect(bitmap.firstClear(from: start) == model[start...].firstIndex(of: false))
    }
    bitmap.removeAll()
    #expect(bitmap.firstSet() == nil)
  }

  @Test("a name table agrees with a dictionary", arguments: 0..<20)
  func nameTable(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = NameTable<Int>()
    var model: [[UInt8]: Int] = [:]
    var order: [[UInt8]] = []
    for step in 0..<2000 {
      let length = Int.random(in: 0...(step % 3 == 0 ? 20 : 2), using: &random)
      let name = (0..<length).map { _ in UInt8.random(in: 97...101, using: &random) }
      switch Int.random(in: 0...4, using: &random) {
      case 0, 1:
        let isNew = model[name] == nil
        #expect(table.insert(step, named: name.span.bytes) == isNew)
        if isNew {
          model[name] = step
          order.append(name)
        }
      case 2:
        let old = model.removeValue(forKey: name)
        order.removeAll { $0 == name }
        #expect(table.remove(named: name.span.bytes) == old)
      case 3:
        let old = model[name]
        if old != nil { model[name] = -step }
        #expect(table.replaceValue(named: name.span.bytes, with: -step) == old)
      default:
        #expect(table.value(named: name.span.bytes) == model[name])
      }
      #expect(table.count == model.count)
      if step % 50 == 0 {
        var listed: [[UInt8]] = []
        var cursor: UInt64 = 0
        while let entry = table.entry(from: cursor) {
          listed.append(entry.name)
          #expect(entry.value == model[entry.name])
          cursor = entry.cursor + 1
        }
        #expect(listed == order)
      }
    }
  }

  @Test("a listing goes on while names come and go", arguments: 0..<20)
  func listingWhileChanging(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = NameTable<Int>()
    func name(_ number: Int) -> [UInt8] { Array("file\(number)".utf8) }
    for number in 0..<200 { table.insert(number, named: name(number).span.bytes) }
    var kept = Set(0..<200)
    var listed: [Int] = []
    var cursor: UInt64 = 0
    var next = 1000
    while let entry = table.entry(from: cursor), listed.count < 2000 {
      if entry.value < 1000 { listed.append(entry.value) }
      cursor = entry.cursor + 1
      let victim = Int.random(in: 0..<200, using: &random)
      table.remove(named: name(victim).span.bytes)
      kept.remove(victim)
      if next < 1100 {
        table.insert(next, named: name(next).span.bytes)
        next += 1
      }
    }
    #expect(Set(listed).count == listed.count)
    #expect(kept.isSubset(of: Set(listed)))
  }
}
