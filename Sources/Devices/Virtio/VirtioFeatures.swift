// SPDX-License-Identifier: BSD-3-Clause

/// Feature bits (virtio 1.2 section 6). Bits 0 to 23 belong to the kind of device.
public struct VirtioFeatures: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt64

  /// Creates a set from its bits.
  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// `VIRTIO_F_INDIRECT_DESC`: a chain's descriptors may lie beside the ring.
  public static let indirectDescriptors = VirtioFeatures(rawValue: 1 << 28)
  /// `VIRTIO_F_EVENT_IDX`: interrupts and notifications by index instead of by flag.
  public static let eventIndex = VirtioFeatures(rawValue: 1 << 29)
  /// `VIRTIO_F_VERSION_1`: not a legacy device. Always required.
  public static let version1 = VirtioFeatures(rawValue: 1 << 32)
  /// `VIRTIO_F_ACCESS_PLATFORM`: the device sees addresses through an IOMMU. Refused.
  public static let accessPlatform = VirtioFeatures(rawValue: 1 << 33)
  /// `VIRTIO_F_RING_PACKED`; not used yet.
  public static let packedRing = VirtioFeatures(rawValue: 1 << 34)
}
