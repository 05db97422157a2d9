// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The host's processor looks after its own.
public enum TranslationCache {
  @inline(__always)
  public static func adapt(at now: Instant) {}
}
