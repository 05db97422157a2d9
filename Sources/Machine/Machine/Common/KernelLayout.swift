// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Who lives where in the one address space. Everything lies in the lower half: Swift takes a
/// pointer with the top bit set for an immortal object.
///
/// ```
/// 0x0000_0000_0000  never mapped (page 0 up to 64 KiB)
/// 0x0000_0001_0000  the program: its image, heap, libraries, stacks
/// 0x7c00_0000_0000  end of the program's range
/// 0x7d00_0000_0000  all physical memory (never executable; code and constants read-only)
/// 0x7e00_0000_0000  the kernel's image
/// 0x7e80_0000_0000  kernel stacks, each with a guard page below
/// 0x7f00_0000_0000  device registers
/// ```
public enum KernelLayout {
  /// Where a program may have memory.
  public static let programRange = AddressRange(
    start: VirtualAddress(0x1_0000), end: VirtualAddress(0x7c00_0000_0000))
  static let directMap: UInt = 0x7d00_0000_0000
  static let directMapLimit: UInt = 0x100_0000_0000
  static let image: UInt = 0x7e00_0000_0000
  static let stacks: UInt = 0x7e80_0000_0000
  static let devices: UInt = 0x7f00_0000_0000
}
