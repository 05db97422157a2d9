// SPDX-License-Identifier: BSD-3-Clause

/// A processor without features.
public enum Processor {
  public struct Identification: Sendable {
    public let a: UInt32
    public let b: UInt32
    public let c: UInt32
    public let d: UInt32
  }

  public static func identify(_ leaf: UInt32, _ subleaf: UInt32 = 0) -> Identification {
    Identification(a: 0, b: 0, c: 0, d: 0)
  }

  public static func prepare() {}
}
