// SPDX-License-Identifier: BSD-3-Clause

import Base

/// When an emulator is to forget its translations of addresses, so that it makes room for more.
///
/// QEMU's TCG keeps the translations of a processor in a table that it sizes only while it forgets
/// them: the table is doubled if more than 70 % of it was in use (QEMU, accel/tcg/cputlb.c,
/// `tlb_mmu_resize_locked`). A system with many address spaces does so at each switch. With one
/// address space it would never happen, and the table would stay at the 256 pages it has at first.
struct TranslationRefresh {
  /// One is due each time the number of mapped pages has doubled, …
  private var mappedCount = 0
  private var nextCount = 256
  /// … and this often while the processor is busy: also the kernel's own pages take room.
  static let period = Nanoseconds.milliseconds(100)
  private var nextTime = Instant.start

  /// Counts a page that was mapped. Returns whether a refresh is due.
  @inline(__always)
  mutating func countMapped() -> Bool {
    mappedCount &+= 1
    guard mappedCount >= nextCount else { return false }
    nextCount &*= 2
    return true
  }

  @inline(__always)
  mutating func isDue(at now: Instant) -> Bool {
    guard now >= nextTime else { return false }
    nextTime = now + Self.period
    return true
  }
}
