// SPDX-License-Identifier: BSD-3-Clause

/// Why a request to a block device failed.
public enum BlockError: UInt8, Error, Sendable {
  /// Blocks behind the end of the device.
  case outOfRange
  /// A length or a place that is no whole number of blocks.
  case unaligned
  /// The device takes no writes.
  case readOnly
  /// The device does not offer this.
  case notSupported
  /// The device could not do it (`VIRTIO_BLK_S_IOERR`).
  case inputOutput
  /// No memory for the contents on their way.
  case outOfMemory
  /// The device broke the protocol, now or before, and is not used any more.
  case broken
}
