// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import VFS

/// An open memory device. Nothing is allocated for a read or a write.
public final class MemoryDeviceFile: OpenFile {
  private let device: MemoryDevice
  private let random: any RandomByteSource

  /// - Parameter node: any node that stands for the device, also one that `mknod` made.
  public init(
    node: Node, flags: OpenFlags, device: MemoryDevice, random: any RandomByteSource
  ) {
    self.device = device
    self.random = random
    super.init(node: node, flags: flags)
  }

  public override var isSeekable: Bool { true }

  // Linux's null_lseek and noop_llseek: the position is always 0.
  public override func seek(
    _ offset: Int64, _ origin: SeekOrigin
  ) throws(SystemError) -> Int64 { 0 }

  public override func read(
    into buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    switch device {
    case .null: return 0
    case .zero, .full: try buffer.zero(at: 0, count: buffer.count)
    case .random, .urandom: try fillRandomly(buffer)
    }
    return buffer.count
  }

  public override func write(
    from buffer: UserBuffer, at offset: Int64?
  ) throws(SystemError) -> Int {
    switch device {
    case .null, .zero: break
    case .full: throw .noSpace
    case .random, .urandom: try mix(buffer)
    }
    return buffer.count
  }

  public override func pageSource() throws(SystemError) -> PageSource {
    guard device == .zero else { throw .noSuchDevice }
    return ZeroPages(deviceNumber: node.deviceNumber, inodeNumber: node.number)
  }

  private func fillRandomly(_ buffer: UserBuffer) throws(SystemError) {
    var words = InlineArray<64, UInt64>(repeating: 0)
    var done = 0
    while done < buffer.count {
      let count = min(512, buffer.count - done)
      var span = words.mutableSpan
      var bytes = MutableRawSpan(_elements: &span)
      random.fill(&bytes)
      try buffer.copyOut(bytes.bytes.extracting(0..<count), at: done)
      done += count
    }
  }

  private func mix(_ buffer: UserBuffer) throws(SystemError) {
    var words = InlineArray<64, UInt64>(repeating: 0)
    var done = 0
    while done < buffer.count {
      let count = min(512, buffer.count - done)
      var span = words.mutableSpan
      let all = MutableRawSpan(_elements: &span)
      var part = all._consumingExtracting(0..<count)
      try buffer.copyIn(at: done, into: &part)
      random.mix(part.bytes)
      done += count
    }
  }

  public override func control(request: UInt32, argument: UInt) throws(SystemError) -> Int {
    // RNDGETENTCNT: the pool is full.
    guard request == 0x8004_5200, device == .random || device == .urandom else {
      throw .notTerminal
    }
    try UserBuffer(start: VirtualAddress(argument), count: 4).store(UInt32(256))
    return 0
  }
}
