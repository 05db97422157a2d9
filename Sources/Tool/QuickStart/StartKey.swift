// SPDX-License-Identifier: BSD-3-Clause

/// Names the record of a command: the same words in the same folder, with the same variables that
/// the tool looks at.
public enum StartKey {
  /// Variables that decide what a command does.
  public static let variables = [
    "PATH", "HOME", "MARTLET_ROOT", "MARTLET_QEMU", "MARTLET_CACHE", "XDG_CACHE_HOME",
  ]

  /// - Parameter parts: the words, the folder, the values of `variables`.
  /// - Returns: 32 hexadecimal digits.
  public static func name(of parts: [String]) -> String {
    // FNV-1a with two starts; nobody makes commands to collide.
    hash(parts, from: 0xcbf2_9ce4_8422_2325) + hash(parts, from: 0x9e37_79b9_7f4a_7c15)
  }

  private static func hash(_ parts: [String], from start: UInt64) -> String {
    var value = start
    for part in parts {
      for byte in part.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
      value = (value ^ 0x1ff) &* 0x100_0000_01b3
    }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
