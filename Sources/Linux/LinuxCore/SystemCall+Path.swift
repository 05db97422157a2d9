// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import VFS

extension SystemCall {
  /// The path that argument `position` points to, without its zero byte. Throws `badAddress`, and
  /// `nameTooLong` when there is none in `PATH_MAX` bytes.
  public func path(_ position: Int) throws(Errno) -> [UInt8] {
    let start = address(position)
    if let path = shortPath(at: start) { return path }
    return try longPath(at: start)
  }

  /// A path that ends within 64 bytes, as most do; nil for others, and for what cannot be read.
  private func shortPath(at start: VirtualAddress) -> [UInt8]? {
    var words = InlineArray<8, UInt64>(repeating: 0)
    var elements = words.mutableSpan
    var bytes = MutableRawSpan(_elements: &elements)
    // Never beyond the page: the next one need not be there.
    let room = min(64, pageSize - start.pageOffset)
    var target = bytes._mutatingExtracting(0..<room)
    guard (try? UserBuffer(start: start, count: room).copyIn(into: &target)) != nil else {
      return nil
    }
    for index in 0..<room / 8 {
      let word = bytes.bytes.littleEndian(at: index &* 8, as: UInt64.self)
      // The lowest zero byte has the lowest bit that is set here.
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      guard zeros != 0 else { continue }
      let count = index &* 8 &+ zeros.trailingZeroBitCount / 8
      var path = [UInt8](repeating: 0, count: count)
      var all = path.mutableSpan
      var span = MutableRawSpan(_elements: &all)
      span.copy(bytes.bytes.extracting(first: count))
      return path
    }
    return nil
  }

  private func longPath(at start: VirtualAddress) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 256)
    var filled = 0
    while true {
      // Never beyond the page: the next one need not be there.
      let place = start + filled
      let piece = min(pageSize - place.pageOffset, bytes.count - filled)
      do {
        var all = bytes.mutableSpan
        var span = MutableRawSpan(_elements: &all)
        var part = span._mutatingExtracting(filled..<filled + piece)
        try UserBuffer(start: place, count: piece).copyIn(into: &part)
      } catch { throw Errno(error) }
      for index in filled..<filled + piece where bytes[index] == 0 {
        bytes.removeSubrange(index...)
        return bytes
      }
      filled += piece
      guard filled < Namespace.pathLimit else { throw .nameTooLong }
      if filled == bytes.count {
        let more = min(bytes.count, Namespace.pathLimit - bytes.count)
        bytes.append(contentsOf: repeatElement(0, count: more))
      }
    }
  }
}
