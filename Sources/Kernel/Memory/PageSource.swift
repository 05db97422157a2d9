// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A page that a source has.
public struct SourcePage: Sendable {
  public let frame: FrameNumber
  /// Whether the frame stays as it is for ever (the root archive): it is not counted, and never
  /// written.
  public let isPermanent: Bool

  public init(frame: FrameNumber, isPermanent: Bool) {
    self.frame = frame
    self.isPermanent = isPermanent
  }
}

/// Where the pages of a file mapping come from.
open class PageSource {
  public init() {}

  /// The page number `index`, which lies inside the source.
  ///
  /// A page that is asked for writing belongs to the source's file: what is written to it, the
  /// file holds. Its frame is counted; the caller takes its own count. Throws `outOfMemory`, or
  /// `inputOutput` when the contents cannot be had.
  open func page(at index: Int, forWriting: Bool) throws(SystemError) -> SourcePage {
    throw .inputOutput
  }

  /// As `page(at:forWriting: false)`, but only if it costs nothing; nil when the page must be made or
  /// fetched first.
  open func readyPage(at index: Int) -> SourcePage? {
    try? page(at: index, forWriting: false)
  }

  /// Whether `page` may wait and let other threads run, which change the address space.
  open var mayWait: Bool { false }

  /// A program has taken mappings of this source away (`munmap(2)`); others may be left.
  open func didUnmap() {}

  /// The size of the contents in bytes; pages behind it cannot be touched.
  open var byteCount: Int { 0 }

  /// What was written to shared pages is to reach its final place.
  open func synchronize() throws(SystemError) {}

  // For `/proc/self/maps`.
  open var deviceNumber: UInt64 { 0 }
  open var inodeNumber: UInt64 { 0 }
  open var path: [UInt8] { [] }
}
