// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Glibc

/// Where the kernel's log goes: memory, for tests to look at.
public enum LogPort {
  private static let text = KernelGlobal<[UInt8]>([])

  public static func write(_ byte: UInt8) {
    text.value.append(byte)
  }

  /// What was written since the last call.
  public static func takeText() -> [UInt8] {
    defer { text.value = [] }
    return text.value
  }
}

/// How the machine is switched off: the test's process ends, with the log on its standard error.
public enum Power {
  public static func off(status: Int32) -> Never {
    let text = LogPort.takeText()
    // SAFETY: the array's own bytes.
    _ = unsafe text.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    exit(status)
  }
}
