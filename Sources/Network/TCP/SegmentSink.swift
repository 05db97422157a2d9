// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Packets

/// Where segments go: the Internet layer below.
///
/// It must not call back into the TCP from inside `send`; loopback queues.
public protocol SegmentSink: AnyObject {
  /// Sends a segment. The head has room in front for every lower header. There is no answer: a
  /// segment that cannot be sent is lost.
  func send(_ frame: consuming Frame, from source: IPAddress, to target: IPAddress)

  /// What the way to `target` is like now; nil when there is none.
  func path(to target: IPAddress) -> PathProperties?
}

/// What TCP wants to know of the way to an address.
public struct PathProperties: Sendable, BitwiseCopyable {
  /// This host's address on that way.
  public var source: IPAddress
  /// The largest packet with its Internet header, in bytes.
  public var mtu: Int
  /// The device, or nobody, makes the checksum: only the pseudo header's sum is wanted.
  public var completesChecksums: Bool
  /// The most bytes, header included, of a segment that the device cuts up; 0 when it cannot.
  public var segmentationLimit: Int

  public init(
    source: IPAddress, mtu: Int, completesChecksums: Bool = false, segmentationLimit: Int = 0
  ) {
    self.source = source
    self.mtu = mtu
    self.completesChecksums = completesChecksums
    self.segmentationLimit = segmentationLimit
  }
}
