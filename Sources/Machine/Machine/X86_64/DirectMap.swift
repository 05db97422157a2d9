// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The kernel's view of all physical memory.
public enum DirectMap {
  /// Where the kernel sees a physical address. Valid for memory that `Boot` has mapped.
  @inline(__always)
  static func address(of physical: PhysicalAddress) -> UInt {
    KernelLayout.directMap &+ physical.rawValue
  }

  @inline(__always)
  static func address(of frame: FrameNumber) -> UInt {
    KernelLayout.directMap &+ UInt(frame.rawValue) << 12
  }

  /// The physical address behind an address of the direct map or of the image.
  static func physicalAddress(of address: UInt) -> PhysicalAddress {
    if address >= KernelLayout.image {
      return PhysicalAddress(address &- KernelLayout.image &+ ImageLayout.physicalChunk)
    }
    return PhysicalAddress(address &- KernelLayout.directMap)
  }

  /// Extends the map of the first GiB, which the boot code made, up to `end`; tables come from
  /// `take`, which gives zeroed frames.
  public static func extend(to end: PhysicalAddress, take: () -> FrameNumber) {
    let gigabyte: UInt = 1 << 30
    var start = gigabyte
    while start < end.rawValue {
      let directory = take()
      FrameMemory.zero(directory)
      for index in 0..<UInt(512) {
        TableSlot(table: directory, index: index).entry = PageEntry(
          rawValue: UInt64(start &+ index << 21) | PageEntry.present | PageEntry.writable
            | PageEntry.large | PageEntry.accessed | PageEntry.dirty | PageEntry.noExecute)
      }
      // SAFETY: the boot code's table; entries beyond the first are free until here.
      let table = UInt(unsafe martlet_boot_direct_pdpt_address())
      TableSlot(
        table: FrameNumber(containing: physicalAddress(of: table)), index: start / gigabyte
      ).entry = PageEntry(table: directory)
      start += gigabyte
    }
  }
}
