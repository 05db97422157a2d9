// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// The kernel's random numbers: for `getrandom`, `/dev/urandom`, addresses.
///
/// One generator, seeded at boot by the processor (RDSEED, RDRAND), the boot seed that the host
/// gives, and the cycle counter. There is no waiting for entropy: with neither a processor source
/// nor a boot seed the numbers are only as good as the counter, and `isSeeded` says so.
public enum RandomSource {
  private static let generator = KernelGlobal(RandomGenerator())
  private static let seeded = KernelGlobal(false)

  /// Whether a real source went in.
  public static var isSeeded: Bool { seeded.value }

  /// Mixes in what the processor has, the cycle counter, and `bootSeed` (may be empty).
  public static func seed(_ bootSeed: RawSpan) {
    for _ in 0..<4 {
      if let word = HardwareRandom.next() {
        generator.value.mix(word)
        seeded.value = true
      }
    }
    generator.value.mix(CycleCounter.read())
    if bootSeed.byteCount > 0 {
      generator.value.mix(bootSeed)
      if bootSeed.byteCount >= 16 { seeded.value = true }
    }
  }

  /// Mixes in bytes that somebody believes to be random (a write to `/dev/urandom`).
  public static func mix(_ bytes: RawSpan) {
    generator.value.mix(bytes)
  }

  /// Fills all of `bytes`.
  public static func fill(_ bytes: inout MutableRawSpan) {
    generator.value.fill(&bytes)
  }

  /// Eight random bytes.
  public static func next() -> UInt64 {
    generator.value.next()
  }

  /// A number below `bound`, which is not zero; the bias is below `bound` / 2^64.
  public static func next(below bound: UInt64) -> UInt64 {
    next().multipliedFullWidth(by: bound).high
  }
}
