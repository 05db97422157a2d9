// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// Where the kernel's image is, and what the tool has written into it.
public enum ImageLayout {
  /// The image in physical memory, from the boot code to the end of its data.
  public static var physicalRange: (start: PhysicalAddress, end: PhysicalAddress) {
    // SAFETY: the address of a linker symbol.
    let end = UInt(unsafe martlet_image_end_address())
    return (PhysicalAddress(physicalStart), DirectMap.physicalAddress(of: end))
  }

  // SAFETY: a constant.
  private static var physicalStart: UInt { UInt(unsafe martlet_image_physical()) }

  /// The large page in which the image begins: what lies at the start of the image's addresses.
  static var physicalChunk: UInt { physicalStart & ~0x1f_ffff }

  /// The record `martlet_image_record` (Docs/BootProtocol.md): set by `martlet build` in an image
  /// that carries its own root archive.
  private static func recordWord(_ index: UInt64) -> UInt {
    // SAFETY: four words of the image's constants.
    UInt(unsafe martlet_load_word(martlet_image_record_address() + index * 8))
  }

  private static let magic: UInt = 0x3145_4741_4d49_4d4d

  /// The root archive inside the image.
  public static var archive: MemoryRange? {
    guard recordWord(0) == magic, recordWord(1) != 0, recordWord(2) != 0 else { return nil }
    return MemoryRange(start: PhysicalAddress(recordWord(1)), byteCount: recordWord(2))
  }

  /// The command line inside the image; empty when there is none.
  public static var commandLine: RawSpan {
    @_lifetime(immortal) get {
      guard recordWord(0) == magic else { return StaticString("").bytes }
      return BootInformation.text(at: recordWord(3))
    }
  }
}
