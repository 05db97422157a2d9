// SPDX-License-Identifier: BSD-3-Clause

/// A segment that the sender wants to be sent.
struct SegmentPlan: BitwiseCopyable, Sendable {
  var sequence: SequenceNumber
  /// Bytes of data; more than one segment's worth is for a device that cuts it up.
  var count: Int
  /// Whether the FIN goes with it.
  var finishes = false
  /// Whether it ends what the program has given so far.
  var pushes = false
  var isRetransmission = false
}
