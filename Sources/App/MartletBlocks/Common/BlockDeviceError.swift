// SPDX-License-Identifier: BSD-3-Clause

/// Why something with a block device failed.
public enum BlockDeviceError: Error, Sendable {
  /// The machine has no block device of that number.
  case noSuchDevice
  /// Blocks behind the end of the device, or before its start.
  case outOfRange
  /// A length that is no whole number of blocks.
  case unaligned
  /// The device takes no writes.
  case readOnly
  /// The device does not offer this.
  case notSupported
  /// The device could not do it.
  case inputOutput
  /// There is no memory for the contents on their way.
  case noMemory
  /// The device broke its protocol and is not used any more.
  case deviceFailed
}
