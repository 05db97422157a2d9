// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// The host's heap.
public enum HostMemory {
  /// What is allocated, in bytes (`mallinfo2(3)`).
  public static var usedByteCount: Int { Int(mallinfo2().uordblks) }
}
