// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// The time-stamp counter.
// SAFETY (all below): the counter and CPUID only read.
public enum CycleCounter {
  static let rate = KernelGlobal<UInt64>(0)

  @inline(__always)
  public static func read() -> UInt64 {
    // SAFETY: reads a counter.
    unsafe martlet_read_cycles()
  }

  /// The count when the hypervisor entered the kernel.
  public static var cyclesAtEntry: UInt64 {
    // SAFETY: written once by the boot code.
    unsafe martlet_load_word(martlet_entry_cycles_address())
  }

  /// Cycles in a second, where the platform tells; nil when it has to be measured.
  public static var frequency: UInt64? { rate.value == 0 ? nil : rate.value }

  /// Asks CPUID: the hypervisor's leaf 0x40000010 (VMware's, also KVM's with
  /// `+vmware-cpuid-freq`), then 0x15 (crystal and ratio), then 0x16 (MHz).
  public static func discover() {
    if Hypervisor.highestLeaf >= 0x4000_0010 {
      let leaf = unsafe martlet_cpuid(0x4000_0010, 0)
      if leaf.a != 0 {
        rate.value = UInt64(leaf.a) * 1000
        return
      }
    }
    if let paravirtual = KVMClock.cycleFrequency() {
      rate.value = paravirtual
      return
    }
    let highest = unsafe martlet_cpuid(0, 0).a
    if highest >= 0x15 {
      let leaf = unsafe martlet_cpuid(0x15, 0)
      if leaf.a != 0 && leaf.b != 0 && leaf.c != 0 {
        rate.value = UInt64(leaf.c) * UInt64(leaf.b) / UInt64(leaf.a)
        return
      }
    }
    if highest >= 0x16 {
      let leaf = unsafe martlet_cpuid(0x16, 0)
      if leaf.a & 0xffff != 0 { rate.value = UInt64(leaf.a & 0xffff) * 1_000_000 }
    }
  }

  /// The rate, when somebody knows better: QEMU counts exactly one cycle a nanosecond under
  /// `-icount shift=0`, and the tool says so on the command line.
  public static func setFrequency(_ hertz: UInt64) {
    rate.value = hertz
  }
}
