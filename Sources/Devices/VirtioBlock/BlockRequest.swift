// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Scheduling
import Virtio

/// What is asked of a block device (virtio 1.2 section 5.2.6).
enum BlockOperation: UInt32 {
  case read = 0
  case write = 1
  case flush = 4
  case identify = 8
  case discard = 11
  case writeZeroes = 13

  var isWrittenByDevice: Bool { self == .read || self == .identify }
}

/// One request on its way, with the memory for its contents. It is used again and again.
final class BlockRequest {
  /// Where the header (16 bytes) and, behind it, the status are in the driver's page.
  let headerOffset: Int
  var statusOffset: Int { headerOffset + 16 }
  static var headerByteCount: Int { 32 }

  /// Where contents lie on their way.
  let data: DMAMemory
  /// How much of it the request has.
  var byteCount = 0
  /// Which part of the caller's bytes that is.
  var place = 0
  var operation = BlockOperation.read
  var isDone = true
  /// Set when the request failed.
  var error: BlockError?
  let finished = WaitQueue()

  init?(headerOffset: Int, dataByteCount: Int) {
    guard let data = DMAMemory(pageCount: dataByteCount / pageSize) else { return nil }
    self.headerOffset = headerOffset
    self.data = data
  }
}
