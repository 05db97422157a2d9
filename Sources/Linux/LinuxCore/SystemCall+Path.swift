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
