// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// The words that the entry stubs share with Swift, one set for each processor.
enum PerProcessor {
  // SAFETY (all below): a word of martlet_cpu at an offset that the header names.
  @inline(__always)
  static func load(_ offset: Int32) -> UInt64 {
    unsafe martlet_load_word(martlet_cpu_address() &+ UInt64(offset))
  }

  @inline(__always)
  static func store(_ value: UInt64, _ offset: Int32) {
    unsafe martlet_store_word(martlet_cpu_address() &+ UInt64(offset), value)
  }
}
