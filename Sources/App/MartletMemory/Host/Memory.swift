// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// The memory of objects (see the sibling for the guest).
public enum Memory {
  /// What objects take at present, in bytes.
  public static var usedByteCount: Int { HostMemory.usedByteCount }
}
