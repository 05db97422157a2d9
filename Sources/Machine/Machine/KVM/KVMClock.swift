// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// Which hypervisor runs us (CPUID 0x40000000).
// SAFETY (all below): CPUID only reads.
enum Hypervisor {
  static var highestLeaf: UInt32 {
    guard unsafe martlet_cpuid(1, 0).c & 1 << 31 != 0 else { return 0 }
    return unsafe martlet_cpuid(0x4000_0000, 0).a
  }

  static var isKVM: Bool {
    // "KVMKVMKVM\0\0\0"
    highestLeaf >= 0x4000_0001 && isNamed(0x4b4d_564b, 0x564b_4d56, 0x4d)
  }

  /// QEMU without acceleration.
  static var isTCG: Bool {
    // "TCGTCGTCGTCG"
    highestLeaf >= 0x4000_0000 && isNamed(0x5447_4354, 0x4354_4743, 0x4743_5447)
  }

  private static func isNamed(_ first: UInt32, _ second: UInt32, _ third: UInt32) -> Bool {
    let leaf = unsafe martlet_cpuid(0x4000_0000, 0)
    return leaf.b == first && leaf.c == second && leaf.d == third
  }
}

/// KVM's paravirtual clock (Linux Documentation/virt/kvm/x86/msr.rst), read once: for the rate of
/// the cycle counter, and for wall time.
enum KVMClock {
  private static let wallClockMSR: UInt32 = 0x4b56_4d00
  private static let systemTimeMSR: UInt32 = 0x4b56_4d01

  private static var isAvailable: Bool {
    // KVM_FEATURE_CLOCKSOURCE2
    Hypervisor.isKVM && Processor.identify(0x4000_0001).a & 1 << 3 != 0
  }

  /// A frame that the hypervisor may write: it is not used for anything else again.
  private static func withPage<R>(_ body: (FrameNumber) -> R?) -> R? {
    guard isAvailable, let frame = FrameSupply.current.value?.allocateTableFrame() else {
      return nil
    }
    FrameMemory.zero(frame)
    return body(frame)
  }

  /// The rate of the cycle counter, from `tsc_to_system_mul` and `tsc_shift`.
  static func cycleFrequency() -> UInt64? {
    withPage { frame in
      // SAFETY: the hypervisor writes pvclock_vcpu_time_info into the frame, which stays ours.
      unsafe martlet_write_msr(systemTimeMSR, UInt64(frame.start.rawValue) | 1)
      let result: UInt64? = FrameMemory.withBytes(of: frame) { bytes in
        let multiplier = UInt64(bytes.littleEndian(at: 24, as: UInt32.self))
        let shift = Int8(bitPattern: bytes.byte(at: 28))
        guard multiplier != 0 else { return nil }
        let rate = (1_000_000_000 << 32) / multiplier
        return shift < 0 ? rate << UInt64(-shift) : rate >> UInt64(shift)
      }
      unsafe martlet_write_msr(systemTimeMSR, 0)
      return result
    }
  }

  /// Wall time when the guest began, in nanoseconds since 1970.
  static func wallTimeAtBoot() -> Int64? {
    withPage { frame in
      // SAFETY: the hypervisor writes pvclock_wall_clock into the frame, which stays ours.
      unsafe martlet_write_msr(wallClockMSR, UInt64(frame.start.rawValue))
      return FrameMemory.withBytes(of: frame) { bytes in
        let seconds = Int64(bytes.littleEndian(at: 4, as: UInt32.self))
        let rest = Int64(bytes.littleEndian(at: 8, as: UInt32.self))
        return seconds == 0 ? nil : seconds * 1_000_000_000 + rest
      }
    }
  }
}
