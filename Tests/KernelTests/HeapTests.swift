// SPDX-License-Identifier: BSD-3-Clause

import Base
import Heap
import HeapBuddy
import HeapRegion
import HeapTLSF
import Machine
import Testing

/// Gives simulated memory in whole pages, no more than it must, up to a limit.
private final class PageGrower: HeapGrower {
  var left: Int
  var calls = 0

  init(pages: Int) { left = pages }

  func grow(atLeast byteCount: Int) -> HeapMemory? {
    let pages = (byteCount + pageSize - 1) / pageSize
    calls += 1
    guard pages <= left else { return nil }
    left -= pages
    return HeapMemory(frame: SimulatedMemory.reserveFrames(pages), count: pages)
  }
}

private func makeHeap<H: KernelHeapProtocol & ~Copyable>(_: H.Type, pages: Int = 16) -> H {
  H(first: HeapMemory(frame: SimulatedMemory.reserveFrames(pages), count: pages))
}

private struct Block {
  let address: UInt
  let byteCount: Int
  let stamp: UInt64
}

@Suite struct HeapTests {
  /// Allocates and frees at random; every block keeps its contents, its alignment and its room.
  private func exercise<H: KernelHeapProtocol & ~Copyable>(
    _: H.Type, seed: UInt64, frees: Bool
  ) -> H {
    var random = SeededGenerator(seed: seed)
    var heap = makeHeap(H.self)
    heap.setGrower(PageGrower(pages: 40_000))
    let all = HeapMemory(frame: FrameNumber(0), count: 1 << 20)
    var blocks: [UInt: Block] = [:]
    var keys: [UInt] = []
    func check(_ block: Block) {
      for offset in stride(from: 0, to: UInt(block.byteCount & ~7), by: 8) {
        #expect(all.load64(at: block.address + offset) == block.stamp &+ UInt64(offset))
      }
    }
    for _ in 0..<3000 {
      if keys.isEmpty || Int.random(in: 0..<100, using: &random) < 55 {
        let kind = Int.random(in: 0..<10, using: &random)
        let byteCount =
          kind == 0
          ? Int.random(in: 0...40_000, using: &random) : Int.random(in: 0...300, using: &random)
        let alignment = 1 << Int.random(in: kind == 1 ? 4...12 : 4...4, using: &random)
        let address = heap.allocate(byteCount, alignment: alignment)
        #expect(address != 0 && address % UInt(alignment) == 0)
        #expect(heap.usableSize(address) >= byteCount)
        let block = Block(
          address: address, byteCount: max(byteCount, heap.usableSize(address)),
          stamp: random.next())
        for offset in stride(from: 0, to: UInt(block.byteCount & ~7), by: 8) {
          all.store64(block.stamp &+ UInt64(offset), at: address + offset)
        }
        #expect(blocks.updateValue(block, forKey: address) == nil)
        keys.append(address)
      } else {
        let index = Int.random(in: 0..<keys.count, using: &random)
        keys.swapAt(index, keys.count - 1)
        let block = blocks.removeValue(forKey: keys.removeLast())!
        check(block)
        heap.free(block.address)
      }
    }
    for block in blocks.values {
      check(block)
      if frees { heap.free(block.address) }
    }
    return heap
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func tlsfKeepsContentsAndMergesAll(seed: UInt64) {
    var heap = exercise(TLSFHeap.self, seed: seed, frees: true)
    #expect(heap.statistics.used == 0)
    // The first 64 KiB are one block again.
    #expect(heap.allocate(60_000, alignment: 16) != 0)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func buddyKeepsContentsAndMergesAll(seed: UInt64) {
    let heap = exercise(BuddyHeap.self, seed: seed, frees: true)
    #expect(heap.statistics.used == 0)
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func regionKeepsContents(seed: UInt64) {
    _ = exercise(RegionHeap.self, seed: seed, frees: true)
  }

  private func exhausts<H: KernelHeapProtocol & ~Copyable>(_: H.Type, recovers: Bool) {
    var heap = makeHeap(H.self)
    heap.setGrower(PageGrower(pages: 20))
    for _ in 0..<2 {
      var addresses: [UInt] = []
      while true {
        let address = heap.allocate(100, alignment: 16)
        if address == 0 { break }
        addresses.append(address)
      }
      #expect(addresses.count > 300)
      #expect(heap.allocate(1 << 50, alignment: 16) == 0)
      for address in addresses { heap.free(address) }
      if !recovers { return }
    }
  }

  @Test func memoryEndsAndComesBack() {
    exhausts(TLSFHeap.self, recovers: true)
    exhausts(BuddyHeap.self, recovers: true)
    exhausts(RegionHeap.self, recovers: false)
  }

  /// One request of any size asks the grower once, and succeeds.
  private func growsOnce<H: KernelHeapProtocol & ~Copyable>(_: H.Type) {
    for byteCount in stride(from: 70_000, to: 3_000_000, by: 77_777) {
      let grower = PageGrower(pages: 8000)
      var heap = makeHeap(H.self)
      heap.setGrower(grower)
      #expect(heap.allocate(byteCount, alignment: 16) != 0)
      #expect(grower.calls == 1)
    }
  }

  @Test func oneGrowthIsEnough() {
    growsOnce(TLSFHeap.self)
    growsOnce(BuddyHeap.self)
    growsOnce(RegionHeap.self)
  }

  /// A second release is found whichever neighbours were free at the first.
  @Test(arguments: 0..<4)
  func tlsfFindsDoubleFree(neighbours: Int) {
    var heap = makeHeap(TLSFHeap.self)
    let blocks = (0..<3).map { _ in heap.allocate(64, alignment: 16) }
    _ = heap.allocate(64, alignment: 16)
    if neighbours & 1 != 0 { heap.free(blocks[0]) }
    if neighbours & 2 != 0 { heap.free(blocks[2]) }
    #expect(heap.checked(blocks[1]) == nil)
    heap.free(blocks[1])
    #expect(heap.checked(blocks[1]) != nil)
  }

  @Test(arguments: 0..<4)
  func buddyFindsDoubleFree(neighbours: Int) {
    var heap = makeHeap(BuddyHeap.self)
    let blocks = (0..<3).map { _ in heap.allocate(64, alignment: 16) }
    if neighbours & 1 != 0 { heap.free(blocks[0]) }
    if neighbours & 2 != 0 { heap.free(blocks[2]) }
    heap.free(blocks[1])
    #expect(heap.checked(blocks[1]) != nil)
  }

  @Test func findsAddressesThatAreNoAllocation() {
    var tlsf = makeHeap(TLSFHeap.self)
    var buddy = makeHeap(BuddyHeap.self)
    var region = makeHeap(RegionHeap.self)
    let first = tlsf.allocate(200, alignment: 16)
    let second = buddy.allocate(200, alignment: 16)
    let third = region.allocate(200, alignment: 16)
    for offset in 1..<192 as Range<UInt> {
      #expect(tlsf.checked(first + offset) != nil)
      #expect(buddy.checked(second + offset) != nil)
      if offset % 16 != 0 { #expect(region.checked(third + offset) != nil) }
    }
    #expect(tlsf.checked(8) != nil)
    #expect(buddy.checked(8) != nil)
    #expect(region.checked(8) != nil)
    region.free(third)
    #expect(region.checked(third) == .doubleFree)
  }

  @Test func doubleFreeStopsTheKernel() async {
    await #expect(processExitsWith: .failure) {
      var heap = TLSFHeap(
        first: HeapMemory(frame: SimulatedMemory.reserveFrames(16), count: 16))
      let address = heap.allocate(64, alignment: 16)
      heap.free(address)
      heap.free(address)
    }
  }
}
