// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// One buffer of a pool.
struct BufferRecord {
  let window: DMAWindow
  let memory: DMAMemory
  /// Where the buffer begins in `memory`.
  let base: Int
  let pool: PermanentCell<PoolState>
  /// How many packets share the buffer; 0 while it is free.
  var holders = 0
}

/// What a `Packet` points to: which bytes of which buffer it is. Also the link of the one queue or
/// free list that it is in.
///
/// A record on a pool's list `free` has a buffer that is free; one on `spare` has none.
@usableFromInline
struct PacketRecord {
  var window: DMAWindow
  var buffer: PermanentCell<BufferRecord>
  var start: Int
  var end: Int
  var offload = PacketOffload()
  var next: PermanentCell<PacketRecord>?
}

/// The lists of a pool.
struct PoolState {
  var free: PermanentCell<PacketRecord>?
  var spare: PermanentCell<PacketRecord>?
  var freeCount = 0
  var bufferCount = 0
}
