// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// The mapped pages of one kernel stack, with an unmapped page below them.
final class KernelStack {
  /// One past the highest byte.
  let top: UInt
  private let pageCount: Int

  /// The next address that has never been a stack, and stacks that may be used again, by the
  /// number of their pages: a stack's frames stay with it.
  private static let nextAddress = KernelGlobal<UInt>(KernelLayout.stacks)
  private static let spare = KernelGlobal<[(top: UInt, pageCount: Int)]>([])

  /// Fails when only the reserve of frames is left: whoever asks for a thread is told so, while the
  /// kernel still has memory for its objects.
  init?(pageCount: Int) {
    if let index = Self.spare.value.lastIndex(where: { $0.pageCount == pageCount }) {
      top = Self.spare.value.remove(at: index).top
    } else if let top = Self.makeStack(pageCount: pageCount) {
      self.top = top
    } else {
      return nil
    }
    self.pageCount = pageCount
  }

  /// Maps a new stack behind the last one; all of it or nothing.
  private static func makeStack(pageCount: Int) -> UInt? {
    guard let tables = PageTables.current.value, let frames = FrameSupply.current.value else {
      return nil
    }
    let bottom = nextAddress.value + UInt(pageSize)
    for page in 0..<pageCount {
      let address = VirtualAddress(bottom + UInt(page * pageSize))
      if let frame = frames.allocate() {
        if tables.map(address, to: frame, .readWrite, tag: .owned) { continue }
        frames.releaseTableFrame(frame)
      }
      for mapped in 0..<page {
        let address = VirtualAddress(bottom + UInt(mapped * pageSize))
        if let mapping = tables.unmap(address) { frames.releaseTableFrame(mapping.frame) }
      }
      return nil
    }
    let top = bottom + UInt(pageCount * pageSize)
    nextAddress.value = top
    return top
  }

  /// Keeps the stack for the next thread.
  deinit { Self.spare.value.append((top: top, pageCount: pageCount)) }
}
