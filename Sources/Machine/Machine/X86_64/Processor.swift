// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The processor: what it can do, and the state that the kernel sets once.
// SAFETY (all below): CPUID only reads; the tables and MSRs are set once, before anything uses them.
public enum Processor {
  /// The result of CPUID.
  public struct Identification: Sendable {
    public let a: UInt32
    public let b: UInt32
    public let c: UInt32
    public let d: UInt32
  }

  /// CPUID of a leaf and subleaf.
  public static func identify(_ leaf: UInt32, _ subleaf: UInt32 = 0) -> Identification {
    let r = unsafe martlet_cpuid(leaf, subleaf)
    return Identification(a: r.a, b: r.b, c: r.c, d: r.d)
  }

  /// Sets up descriptors and per-processor data. Nothing may fault before. Interrupts stay off
  /// until `LocalTimer.enable`.
  public static func prepare() {
    unsafe martlet_load_descriptors()
    // SAFETY: GS is the kernel's alone: programs cannot set its base (arch_prctl refuses).
    unsafe martlet_write_msr(
      0xc000_0101, martlet_cpu_address())
  }

  /// Lets who shares the core run for a moment, in a loop that waits for memory to change (SDM 2B
  /// "PAUSE").
  @inline(__always)
  public static func pause() {
    unsafe martlet_pause()
  }

  /// Lets programs enter the kernel by `syscall`.
  public static func prepareSystemCalls() {
    // SYSCALL: code selector 8, stack 0x10; entry; flags that are cleared: IF, DF, TF, AC, NT.
    unsafe martlet_write_msr(0xc000_0081, 8 << 32)
    unsafe martlet_write_msr(
      0xc000_0082, martlet_syscall_entry_address())
    unsafe martlet_write_msr(0xc000_0084, 0x4_4700)
  }

  /// Turns on the vector registers that there are. Needs the heap.
  public static func enableVectorRegisters() {
    VectorState.enable()
  }
}
