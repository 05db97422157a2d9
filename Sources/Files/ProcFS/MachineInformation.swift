// SPDX-License-Identifier: BSD-3-Clause

/// What `/proc/cpuinfo` tells of the processor.
public struct MachineInformation {
  /// Such as `GenuineIntel`.
  public var vendor: [UInt8] = []
  public var brand: [UInt8] = []
  public var family: UInt32 = 0
  public var model: UInt32 = 0
  public var stepping: UInt32 = 0
  public var kilohertz: UInt64 = 0
  public var cacheKilobytes: UInt32 = 0
  public var highestLeaf: UInt32 = 0
  public var physicalAddressBits: UInt32 = 48
  public var virtualAddressBits: UInt32 = 48
  /// The names of the features, each followed by a space (`ProcessorFeatures.names`).
  public var featureNames: [UInt8] = []

  public init() {}
}
