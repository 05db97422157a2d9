// SPDX-License-Identifier: BSD-3-Clause

/// Why a virtio device cannot be used.
public enum VirtioError: UInt8, Error, Sendable {
  /// There is no virtio device of the modern kind (virtio 1.0 or later).
  case notModern
  /// The registers are not where the device says, or too few.
  case badRegisters
  /// The device does not come out of reset.
  case resetRefused
  /// The device lacks a feature that the driver cannot do without, or insists on one that the
  /// driver does not know.
  case featuresRefused
  /// The device lacks a queue that its kind must have, or one of a size that can be used.
  case queueUnavailable
  /// No memory for the rings.
  case outOfMemory
  /// The device broke the protocol; it is not used any more.
  case broken
}
