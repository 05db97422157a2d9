// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CMachine

/// The processor's cache of address translations, where software keeps it (`TranslationRefresh`).
/// A real processor's has its size, and is left alone.
public enum TranslationCache {
  private static let refresh = KernelGlobal(TranslationRefresh())
  private static let isEmulated = KernelGlobal(false)

  /// Finds out whether an emulator runs us.
  public static func discover() {
    isEmulated.value = Hypervisor.isTCG
  }

  /// Lets an emulator adapt its cache, when that is due. Cheap; called when timers are served.
  @inline(__always)
  public static func adapt(at now: Instant) {
    if isEmulated.value && refresh.value.isDue(at: now) { flush() }
  }

  /// Counts a page that was mapped.
  @inline(__always)
  static func countMapped() {
    if refresh.value.countMapped() && isEmulated.value { flush() }
  }

  /// Forgets all translations.
  static func flush() {
    // SAFETY: the same tables again; only the translations are forgotten (SDM 3A section 5.10.4.1).
    unsafe martlet_write_cr3(martlet_read_cr3())
  }
}
