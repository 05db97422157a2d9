// SPDX-License-Identifier: BSD-3-Clause

/// Linux's device numbers as `stat` tells them (`makedev(3)`).
public enum DeviceNumber {
  public static func encode(major: UInt64, minor: UInt64) -> UInt64 {
    minor & 0xff | (major & 0xfff) << 8 | (minor & ~0xff) << 12 | (major & ~0xfff) << 32
  }
}
