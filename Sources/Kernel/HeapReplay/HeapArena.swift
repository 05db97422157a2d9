// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Heap
import Machine

/// Where the heaps of a replay have their memory.
public protocol HeapArena: HeapGrower {
  /// Takes back all that the last heap had, and gives the first memory of the next one.
  func start() -> HeapMemory?
}

/// Memory from the frame allocator, in pieces of at least 64 KiB.
public final class FrameArena: HeapArena {
  private struct Piece {
    var frame: FrameNumber
    var count: Int
  }

  private static let leastPageCount = 16

  private let frames: FrameAllocator
  private var pieces: [Piece] = []

  public init(_ frames: FrameAllocator) {
    self.frames = frames
    // The heap that grows may be the one that holds this array: no growth while it does.
    pieces.reserveCapacity(4096)
  }

  public func start() -> HeapMemory? {
    for piece in pieces { frames.releaseContiguous(piece.frame, piece.count) }
    pieces.removeAll(keepingCapacity: true)
    return grow(atLeast: 1)
  }

  public func grow(atLeast byteCount: Int) -> HeapMemory? {
    let count = max((byteCount + pageSize - 1) / pageSize, Self.leastPageCount)
    guard pieces.count < pieces.capacity, let frame = frames.allocateContiguous(count) else {
      return nil
    }
    pieces.append(Piece(frame: frame, count: count))
    return HeapMemory(frame: frame, count: count)
  }
}
