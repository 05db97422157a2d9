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

  init?(pageCount: Int) {
    self.pageCount = pageCount
    if let index = Self.spare.value.lastIndex(where: { $0.pageCount == pageCount }) {
      top = Self.spare.value.remove(at: index).top
      return
    }
    let bottom = Self.nextAddress.value + UInt(pageSize)
    guard let tables = PageTables.current.value, let frames = FrameSupply.current.value else {
      return nil
    }
    Self.nextAddress.value = bottom + UInt(pageCount * pageSize)
    top = bottom + UInt(pageCount * pageSize)
    for page in 0..<pageCount {
      let address = VirtualAddress(bottom + UInt(page * pageSize))
      guard let frame = frames.allocateTableFrame() else { return nil }
      guard tables.map(address, to: frame, .readWrite, tag: .owned) else {
        frames.releaseTableFrame(frame)
        return nil
      }
    }
  }

  /// Keeps the stack for the next thread.
  deinit { Self.spare.value.append((top: top, pageCount: pageCount)) }
}
