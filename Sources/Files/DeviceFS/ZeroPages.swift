// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Machine
import Memory

/// The pages of one mapping of `/dev/zero`: zero until they are written to.
final class ZeroPages: PageSource {
  /// Page numbers and frames, in order of the page numbers.
  private var pages: [(index: Int, frame: FrameNumber)] = []
  private let frames: FrameAllocator
  private let device: UInt64
  private let inode: UInt64

  init(deviceNumber: UInt64, inodeNumber: UInt64) {
    frames = AddressSpace.current.frames
    device = deviceNumber
    inode = inodeNumber
  }

  deinit {
    for page in pages { frames.release(page.frame) }
  }

  override func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
    let place = firstPlace(notBefore: index)
    if place < pages.count && pages[place].index == index {
      return SourcePage(frame: pages[place].frame, isPermanent: false)
    }
    guard let frame = frames.allocate() else { throw .outOfMemory }
    FrameMemory.zero(frame)
    pages.insert((index: index, frame: frame), at: place)
    return SourcePage(frame: frame, isPermanent: false)
  }

  private func firstPlace(notBefore index: Int) -> Int {
    var low = 0
    var high = pages.count
    while low < high {
      let middle = (low + high) / 2
      if pages[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // As long as any mapping can be.
  override var byteCount: Int { 1 << 47 }
  override var deviceNumber: UInt64 { device }
  override var inodeNumber: UInt64 { inode }
  override var path: [UInt8] { StaticString("/dev/zero").byteArray }
}
