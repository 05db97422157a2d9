// SPDX-License-Identifier: BSD-3-Clause

/// The host's random source.
public enum HardwareRandom {
  public static func next() -> UInt64? {
    UInt64.random(in: 0...UInt64.max)
  }
}
