// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// The processor's random source.
// SAFETY (all below): CPUID only reads; RDSEED and RDRAND write one word of ours.
public enum HardwareRandom {
  /// A word from RDSEED, or else RDRAND; nil when there is neither or it fails ten times
  /// (SDM 1 section 7.3.17).
  public static func next() -> UInt64? {
    let hasSeed = unsafe martlet_cpuid(7, 0).b & 1 << 18 != 0
    let hasRandom = unsafe martlet_cpuid(1, 0).c & 1 << 30 != 0
    var value: UInt64 = 0
    // SAFETY: CPUID reports the instruction; it writes one word.
    if hasSeed {
      for _ in 0..<10 where unsafe martlet_rdseed(&value) != 0 { return value }
    }
    if hasRandom {
      for _ in 0..<10 where unsafe martlet_rdrand(&value) != 0 { return value }
    }
    return nil
  }
}
