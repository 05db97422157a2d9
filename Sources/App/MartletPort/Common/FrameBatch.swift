// SPDX-License-Identifier: BSD-3-Clause

@_exported import Bytes
@_exported import Packets

/// Frames in the order in which they came, from any ports. Taking one out, putting one in and moving
/// all of them copies no byte and allocates nothing.
///
/// A frame is a `Packet`, which belongs to who holds it: `withBytes` and `withMutableBytes` lend its
/// bytes, from the Ethernet header on. One that is let go is dropped.
///
/// ```swift
/// import Martlet
///
/// func dropShort(_ frames: inout FrameBatch) {
///   var kept = FrameBatch()
///   while let frame = frames.removeFirst() {
///     if frame.byteCount >= 60 { kept.append(frame) }
///   }
///   frames.append(contentsOf: &kept)
/// }
/// ```
public struct FrameBatch: ~Copyable {
  @usableFromInline var frames = PacketQueue()
  /// How many frames `NetworkPort.receive` fills it up to.
  public let capacity: Int

  /// An empty batch.
  ///
  /// - Parameter capacity: how many frames `NetworkPort.receive` fills it up to; `append` does not
  ///   look at it.
  @inline(__always)
  public init(capacity: Int = 64) {
    self.capacity = capacity
  }

  /// How many frames there are.
  @inline(__always)
  public var count: Int { frames.count }
  @inline(__always)
  public var isEmpty: Bool { frames.isEmpty }

  /// Adds a frame at the end.
  @inline(__always)
  public mutating func append(_ frame: consuming Packet) {
    frames.append(frame)
  }

  /// Takes the first frame out; nil when there is none.
  @inline(__always)
  public mutating func removeFirst() -> Packet? {
    frames.removeFirst()
  }

  /// Moves all frames of another batch behind the own ones.
  ///
  /// - Complexity: O(1)
  public mutating func append(contentsOf other: inout FrameBatch) {
    frames.append(contentsOf: other.frames.take())
  }

  /// Drops all frames.
  public mutating func removeAll() {
    frames.removeAll()
  }

  /// Lends the bytes of each frame, first to last.
  @inline(__always)
  public borrowing func forEachBytes<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) {
    try frames.forEachBytes(body)
  }

  /// Lends the bytes of each frame for change, first to last.
  @inline(__always)
  public mutating func forEachMutableBytes<E: Error>(
    _ body: (inout MutableRawSpan) throws(E) -> Void
  ) throws(E) {
    try frames.forEachMutableBytes(body)
  }
}
