// SPDX-License-Identifier: BSD-3-Clause

import NativeThreads
import Random

/// The kernel's generator.
enum RandomBytes {
  static func next() -> UInt64 {
    NativeRuntime.startRandom()
    return RandomSource.next()
  }

  static var isStrong: Bool {
    NativeRuntime.startRandom()
    return RandomSource.isSeeded
  }

  static func fill(_ bytes: inout MutableRawSpan) {
    NativeRuntime.startRandom()
    RandomSource.fill(&bytes)
  }
}
