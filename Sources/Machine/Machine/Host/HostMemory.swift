// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// The host's heap.
public enum HostMemory {
  /// What is allocated, in bytes (`mallinfo2(3)`).
  public static var usedByteCount: Int {
    // SAFETY: asks the C library for a number.
    Int(unsafe martlet_host_heap_used())
  }
}
