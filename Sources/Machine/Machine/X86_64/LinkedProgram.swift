// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The C program that is linked with the kernel: where it runs, and where its bytes lie in the
/// image. Only an image of kind `c` has one (`bound.S`, and the linker script).
public enum LinkedProgram {
  /// A part of the program with bytes in the image.
  public struct Part: Sendable {
    /// Where it runs; the start is at a page, the end is not.
    public let range: AddressRange
    /// The frame of its first page.
    public let firstFrame: FrameNumber
  }

  public static var text: Part { part(0) }
  public static var constants: Part { part(3) }
  public static var data: Part { part(6) }
  /// The end of what begins as zeros, behind the data.
  public static var zeroedEnd: VirtualAddress { VirtualAddress(word(9)) }
  /// `_start`
  public static var entry: UInt { word(10) }
  /// The program headers for `AT_PHDR`.
  public static var headers: UInt { word(11) }
  public static let headerCount = 1

  private static func word(_ index: UInt64) -> UInt {
    // SAFETY: twelve words of the image's constants.
    UInt(unsafe martlet_load_word(martlet_program_address() + index * 8))
  }

  private static func part(_ first: UInt64) -> Part {
    Part(
      range: AddressRange(
        start: VirtualAddress(word(first)), end: VirtualAddress(word(first + 1))),
      firstFrame: FrameNumber(containing: DirectMap.physicalAddress(of: word(first + 2))))
  }
}
