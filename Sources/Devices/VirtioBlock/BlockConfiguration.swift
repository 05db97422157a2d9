// SPDX-License-Identifier: BSD-3-Clause

import Virtio

/// What a block device says of itself (`struct virtio_blk_config`, virtio 1.2 section 5.2.4).
public struct BlockConfiguration: Sendable, Equatable {
  /// The unit of places and sizes in the protocol, in bytes, whatever the device's blocks are.
  public static var sectorByteCount: Int { 512 }

  /// The size of the device in sectors.
  public var sectorCount: Int
  /// The size of a block in bytes, a power of two from 512 to 64 KiB: the least that can be written.
  public var blockByteCount = 512
  /// The most bytes of contents in one piece of a request.
  var pieceByteLimit = Int.max
  /// The most sectors that one request may discard or zero; 0 where the device cannot.
  var discardLimit = 0
  var zeroesLimit = 0

  /// Reads those fields that the features make meaningful; nil for what no device can mean.
  init?(_ transport: any VirtioTransport, _ features: VirtioFeatures) {
    guard transport.configurationByteCount >= 8 else { return nil }
    let low = UInt64(transport.configuration32(at: 0))
    let capacity = low | UInt64(transport.configuration32(at: 4)) << 32
    guard capacity <= UInt64(Int.max / Self.sectorByteCount) else { return nil }
    sectorCount = Int(capacity)
    if features.contains(.blockSize) {
      blockByteCount = Int(transport.configuration32(at: 20))
      guard blockByteCount >= 512, blockByteCount <= 65536,
        blockByteCount & (blockByteCount - 1) == 0
      else { return nil }
    }
    if features.contains(.sizeLimit) {
      pieceByteLimit = Int(transport.configuration32(at: 8)) & ~(blockByteCount - 1)
      guard pieceByteLimit > 0 else { return nil }
    }
    if features.contains(.discard) { discardLimit = Int(transport.configuration32(at: 36)) }
    if features.contains(.writeZeroes) { zeroesLimit = Int(transport.configuration32(at: 48)) }
  }
}

extension VirtioFeatures {
  /// `VIRTIO_BLK_F_SIZE_MAX`
  static var sizeLimit: VirtioFeatures { VirtioFeatures(rawValue: 1 << 1) }
  /// `VIRTIO_BLK_F_RO`
  static var readOnly: VirtioFeatures { VirtioFeatures(rawValue: 1 << 5) }
  /// `VIRTIO_BLK_F_BLK_SIZE`
  static var blockSize: VirtioFeatures { VirtioFeatures(rawValue: 1 << 6) }
  /// `VIRTIO_BLK_F_FLUSH`
  static var flush: VirtioFeatures { VirtioFeatures(rawValue: 1 << 9) }
  /// `VIRTIO_BLK_F_DISCARD`
  static var discard: VirtioFeatures { VirtioFeatures(rawValue: 1 << 13) }
  /// `VIRTIO_BLK_F_WRITE_ZEROES`
  static var writeZeroes: VirtioFeatures { VirtioFeatures(rawValue: 1 << 14) }
}
