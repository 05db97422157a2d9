// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// The local APIC and its one-shot timer (SDM 3A chapter 11).
///
/// QEMU's and KVM's timer counts nanoseconds at divisor one; where CPUID 0x40000010 or 0x15 tells
/// another rate, that is used.
// SAFETY (all below): CPUID and reading MSRs have no effect; the MSRs that are written concern
// interrupts only.
public enum LocalTimer {
  static let registers = KernelGlobal<DeviceRegisters?>(nil)
  /// What the timer counts in a second, at divisor one.
  static let frequency = KernelGlobal<UInt64>(1_000_000_000)
  static let startCount = KernelGlobal<UInt32>(0)

  private static let divisorRegister = 0x3e0
  private static let initialCountRegister = 0x380
  private static let currentCountRegister = 0x390
  private static let timerRegister = 0x320

  /// Turns the local APIC on, in x2APIC mode where there is one: its registers are then MSRs,
  /// which are cheap under a hypervisor. From here on interrupts may come.
  public static func enable() {
    // SAFETY: makes the gates of interrupts, of which none comes before this.
    unsafe martlet_load_interrupts()
    silenceLegacyController()
    let features = unsafe martlet_cpuid(1, 0)
    let base = unsafe martlet_read_msr(0x1b)
    if features.c & 1 << 21 != 0 {
      // SAFETY: the bits of IA32_APIC_BASE that enable the APIC and x2APIC mode.
      unsafe martlet_write_msr(0x1b, base | 0xc00)
      PerProcessor.store(0, MARTLET_CPU_LOCAL_APIC)
    } else {
      unsafe martlet_write_msr(0x1b, base | 0x800)
      let window = DeviceRegisters(
        mapping: PhysicalAddress(UInt(base & 0xf_ffff_f000)), byteCount: 0x400)
      registers.value = window
      PerProcessor.store(UInt64(window?.address ?? 0), MARTLET_CPU_LOCAL_APIC)
    }
    store(0x100 | 95, at: 0xf0)  // spurious vector, APIC on
    store(0x10000, at: 0x350)  // LINT0: no legacy interrupt controller
    store(0xb, at: divisorRegister)  // divide by one
    store(UInt32(Interrupts.firstVector), at: timerRegister)
    // Counts from now on: the first reference for the cycle counter.
    start(UInt32.max)
  }

  /// Masks all inputs of both 8259A interrupt controllers. Firmware leaves the timer's unmasked on
  /// a pc or q35, and a request that waits would come in as soon as interrupts are on, with a
  /// vector of the exceptions. It is taken back only while LINT0 still lets it through.
  private static func silenceLegacyController() {
    // OCW1 of the master and the slave (8259A datasheet); no effect where there is none.
    Port(0x21).writeByte(0xff)
    Port(0xa1).writeByte(0xff)
  }

  /// Interrupts once, on line `timer`, after `nanoseconds`; replaces what was set before. The
  /// timer's range is some seconds: it may come early, and the scheduler then sets it again.
  public static func arm(after nanoseconds: UInt64) {
    TimeReference.stretchWillEnd()
    let limited = min(nanoseconds, 4_000_000_000)
    let rate = frequency.value
    let ticks = rate == 1_000_000_000 ? limited : limited &* (rate / 1_000_000) / 1000
    start(UInt32(clamping: max(ticks, 1)))
  }

  private static func start(_ count: UInt32) {
    let before = CycleCounter.read()
    store(count, at: initialCountRegister)
    startCount.value = count
    TimeReference.stretchDidBegin(before: before)
  }

  static var currentCount: UInt32 { load(at: currentCountRegister) }

  private static func store(_ value: UInt32, at offset: Int) {
    if let window = registers.value {
      window.store32(value, at: offset)
    } else {
      // SAFETY: x2APIC registers are at MSR 0x800 + offset / 16; these only concern interrupts.
      unsafe martlet_write_msr(0x800 + UInt32(offset / 16), UInt64(value))
    }
  }

  private static func load(at offset: Int) -> UInt32 {
    if let window = registers.value { return window.load32(at: offset) }
    // SAFETY: reading a local APIC register has no effect.
    return UInt32(truncatingIfNeeded: unsafe martlet_read_msr(0x800 + UInt32(offset / 16)))
  }
}

/// How much time has passed by the local timer, for measuring the cycle counter.
public enum TimeReference {
  /// The counter around the timer's last start.
  static let begin = KernelGlobal<(before: UInt64, after: UInt64)>((0, 0))
  /// The stretch so far that tells most.
  static let best = KernelGlobal<RateSample?>(nil)

  static let isWanted = KernelGlobal(true)

  /// Nobody will ask again. Reading the timer is an exit to the hypervisor for each time it is set.
  public static func stop() { isWanted.value = false }

  static func stretchDidBegin(before: UInt64) {
    begin.value = (before, CycleCounter.read())
  }

  /// The timer is about to be set again. One that has run much shorter than the best stretch would
  /// not tell more.
  static func stretchWillEnd() {
    guard isWanted.value else { return }
    let elapsed = CycleCounter.read() &- begin.value.after
    guard elapsed > (best.value?.cycles ?? 0) / 2 else { return }
    look()
  }

  /// A timer that has run out tells nothing.
  private static func look() {
    let before = CycleCounter.read()
    let left = LocalTimer.currentCount
    let after = CycleCounter.read()
    guard left != 0 else { return }
    let sample = RateSample(
      begin: begin.value, end: (before, after),
      nanoseconds: UInt64(LocalTimer.startCount.value &- left))
    guard sample.nanoseconds > 0 else { return }
    if let best = best.value, !sample.isBetter(than: best) { return }
    best.value = sample
  }

  /// The stretch, of those so far, that tells the rate most closely. Nil when there is none.
  public static func sample() -> RateSample? {
    look()
    return best.value
  }
}
