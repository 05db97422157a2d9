// SPDX-License-Identifier: BSD-3-Clause

import NativeImage

/// The memory of objects.
///
/// ```swift
/// import Martlet
///
/// Console.output.write("\(Memory.usedByteCount) bytes\n")
/// ```
public enum Memory {
  /// What objects take at present, in bytes, with what the heap needs to keep them apart. The
  /// kernel's own objects are among them; packets and stacks are not.
  public static var usedByteCount: Int { NativeMemory.usedByteCount }
}
