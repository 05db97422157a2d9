// SPDX-License-Identifier: BSD-3-Clause

/// The device status byte (virtio 1.2 section 2.1).
public struct VirtioStatus: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt8

  /// Creates a status from its bits.
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// `ACKNOWLEDGE`: the guest has noticed the device.
  public static let acknowledge = VirtioStatus(rawValue: 1)
  /// `DRIVER`: the guest knows how to drive it.
  public static let driver = VirtioStatus(rawValue: 2)
  /// `DRIVER_OK`: the device may work.
  public static let driverOK = VirtioStatus(rawValue: 4)
  /// `FEATURES_OK`: negotiation is complete.
  public static let featuresOK = VirtioStatus(rawValue: 8)
  /// `DEVICE_NEEDS_RESET`: the device gave up.
  public static let needsReset = VirtioStatus(rawValue: 64)
  /// `FAILED`: the guest gave up.
  public static let failed = VirtioStatus(rawValue: 128)
}
