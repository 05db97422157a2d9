// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory

/// What is done for a thread that ends: robust locks are marked and released, and the word that
/// joiners wait for is cleared (`set_robust_list(2)`, `set_tid_address(2)`).
final class ThreadEnd: ThreadEndObserver {
  private static let ownerDied: UInt32 = 0x4000_0000
  private static let waiters: UInt32 = 0x8000_0000
  private static let identifierMask: UInt32 = 0x3fff_ffff
  /// A list longer than this is a loop (`ROBUST_LIST_LIMIT`).
  private static let limit = 2048

  func threadWillEnd(_ thread: LinuxThread) {
    if let head = thread.robustList { try? release(head, of: thread) }
    thread.robustList = nil
    guard let address = thread.clearIdentifierAt else { return }
    // The address may be gone with the stack: nobody waits then.
    do { try ProgramBytes.store(UInt32(0), at: address) } catch { return }
    FutexTable.shared.value.wake(address, count: 1, bits: .max)
  }

  private func release(_ head: VirtualAddress, of thread: LinuxThread) throws(Errno) {
    var entry: UInt64 = try ProgramBytes.load(at: head)
    let offset: Int64 = try ProgramBytes.load(at: head + 8)
    let pending: UInt64 = try ProgramBytes.load(at: head + 16)
    var count = 0
    while entry & ~1 != UInt64(head.rawValue), count < Self.limit {
      let next: UInt64 = try ProgramBytes.load(at: VirtualAddress(UInt(entry & ~1)))
      if entry != pending { try mark(entry, offset, thread) }
      entry = next
      count += 1
    }
    if pending != 0 { try mark(pending, offset, thread) }
  }

  private func mark(_ entry: UInt64, _ offset: Int64, _ thread: LinuxThread) throws(Errno) {
    let address = VirtualAddress(UInt(entry & ~1)) + Int(offset)
    let word: UInt32 = try ProgramBytes.load(at: address)
    guard word & Self.identifierMask == UInt32(thread.identifier) else { return }
    // The kernel is not preempted: load and store are one step.
    try ProgramBytes.store(word & Self.waiters | Self.ownerDied, at: address)
    if word & Self.waiters != 0 { FutexTable.shared.value.wake(address, count: 1, bits: .max) }
  }
}
