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

  /// The size of the contents in bytes; pages behind it cannot be touched.
  open var byteCount: Int { 0 }

  /// What was written to shared pages is to reach its final place.
  open func synchronize() throws(SystemError) {}

  // For `/proc/self/maps`.
  open var deviceNumber: UInt64 { 0 }
  open var inodeNumber: UInt64 { 0 }
  open var path: [UInt8] { [] }
}
