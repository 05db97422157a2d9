// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Packets

/// Memory for frames that an application makes itself. The frames go back to it when they are sent
/// or dropped.
///
/// ```swift
/// import Martlet
///
/// func greet(_ port: NetworkPort, _ memory: FrameMemory) {
///   guard var frame = memory.makeFrame(byteCount: 60) else { return }
///   frame.withMutableBytes { $0.storeBigEndian(UInt16(0x88b5), at: 12) }
///   var frames = FrameBatch()
///   frames.append(frame)
///   _ = port.send(&frames)
/// }
/// ```
public struct FrameMemory {
  private let pool: PacketPool

  /// The greatest frame that can be made: a VLAN tag and 1500 bytes of payload.
  public static var frameLimit: Int { 1518 }

  /// Takes memory for `frameCount` frames.
  ///
  /// - Throws: `noMemory`.
  public init(frameCount: Int) throws(NetworkPortError) {
    guard
      let pool = PacketPool(
        bufferCount: frameCount, byteCount: Packet.headroom + Self.frameLimit)
    else { throw .noMemory }
    self.pool = pool
  }

  /// A frame of `byteCount` bytes, which are what an earlier frame has left there; nil when all
  /// frames are in use or `byteCount` is more than `frameLimit`.
  public func makeFrame(byteCount: Int) -> Packet? {
    guard byteCount <= Self.frameLimit, var frame = pool.allocate(), frame.append(byteCount) else {
      return nil
    }
    return frame
  }
}
