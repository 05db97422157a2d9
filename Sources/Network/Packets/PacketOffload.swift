// SPDX-License-Identifier: BSD-3-Clause

/// What a device has done, or shall do, for a packet (virtio 1.2 section 5.1.6).
///
/// Positions count from the first byte of the packet's *buffer*, as `Packet.start` does: they hold
/// when headers are put in front or taken off.
public struct PacketOffload: BitwiseCopyable, Sendable {
  public enum Checksum: BitwiseCopyable, Sendable {
    /// Nothing is known (received), nothing is to do (sent).
    case none
    /// The transport's checksum is right: the device has looked, or the packet never left memory.
    case verified
    /// The checksum field holds the sum of the pseudo header only. The sum over everything from
    /// `start` on, its complement at `start + offset`, is still to be made.
    case needed(start: UInt16, offset: UInt16)
  }

  /// Which protocol's segments the packet is to be cut into, or was joined from.
  public enum Segmentation: UInt8, BitwiseCopyable, Sendable {
    case none
    case tcp4
    case tcp6
  }

  public var checksum = Checksum.none
  public var segmentation = Segmentation.none
  /// Payload bytes of each segment; 0 without segmentation.
  public var segmentSize: UInt16 = 0
  /// The position of the first byte behind the headers; used with segmentation.
  public var headerEnd: UInt16 = 0

  @inline(__always)
  public init() {}
}
