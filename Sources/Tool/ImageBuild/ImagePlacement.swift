// SPDX-License-Identifier: BSD-3-Clause

/// Where a native image lies in memory.
public enum ImagePlacement: Sendable {
  /// In the first 640 KiB, so that a small image needs no memory beyond them; only for machines
  /// whose firmware leaves that alone (microvm).
  case low
  /// From 1 MiB on, for every machine.
  case anywhere

  /// Where the first 640 KiB end, but for what firmware keeps there.
  static let lowEnd: UInt64 = 0x9_f000
}
