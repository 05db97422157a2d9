// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// A piece of memory that is handed to a device.
public struct VirtioBuffer {
  /// The memory that the piece is part of.
  public let memory: DMAMemory
  /// Where the piece starts, in bytes.
  public let offset: Int
  /// Its size in bytes, 1 to 2^31.
  public let byteCount: Int
  /// Whether the device writes it; otherwise the device reads it.
  public let isDeviceWritable: Bool

  /// A piece that the device reads. Traps when it is not inside `memory`.
  public static func read(from memory: DMAMemory, offset: Int, byteCount: Int) -> Self {
    Self(memory, offset, byteCount, isDeviceWritable: false)
  }

  /// A piece that the device writes. Traps when it is not inside `memory`.
  public static func written(to memory: DMAMemory, offset: Int, byteCount: Int) -> Self {
    Self(memory, offset, byteCount, isDeviceWritable: true)
  }

  private init(_ memory: DMAMemory, _ offset: Int, _ byteCount: Int, isDeviceWritable: Bool) {
    precondition(
      offset >= 0 && byteCount > 0 && byteCount <= 1 << 31 && offset <= memory.byteCount
        && byteCount <= memory.byteCount &- offset, "buffer outside its memory")
    self.memory = memory
    self.offset = offset
    self.byteCount = byteCount
    self.isDeviceWritable = isDeviceWritable
  }
}

/// A chain of buffers that the device has given back.
public struct UsedChain: Equatable, Sendable, BitwiseCopyable {
  /// What `Virtqueue.add` returned for it.
  public let name: Int
  /// How many bytes the device says to have written; at most what the chain can hold.
  public let writtenByteCount: Int
}
