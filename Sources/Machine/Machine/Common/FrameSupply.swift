// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Where Machine gets frames for stacks and devices, once the kernel has an allocator.
public enum FrameSupply {
  public static let current = KernelGlobal<(any FrameSource)?>(nil)
}

/// Gives single frames and runs of frames.
public protocol FrameSource: TableFrameSource {
  /// Whether only the reserve is left, which is for page tables and the kernel's own objects.
  var isLow: Bool { get }
  /// A frame with any contents, or nil when only the reserve is left.
  func allocate() -> FrameNumber?
  /// `count` frames that follow one another, or nil.
  func allocateContiguous(_ count: Int) -> FrameNumber?
  /// Gives back what `allocateContiguous` gave.
  func releaseContiguous(_ frame: FrameNumber, _ count: Int)
}
