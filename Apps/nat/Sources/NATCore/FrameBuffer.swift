// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Room for one frame.
final class FrameBuffer {
  static var byteCount: Int { 1536 }
  private var bytes = [UInt8](repeating: 0, count: byteCount)

  /// Lends its first bytes. Not to be asked again meanwhile.
  func withBytes<Result>(
    _ count: Int, _ body: (inout MutableRawSpan) -> Result
  ) -> Result {
    // A span over a property of an object has no lifetime; over a variable of a function it has.
    var local: [UInt8] = []
    swap(&local, &bytes)
    let result = Self.lend(&local, count, body)
    swap(&local, &bytes)
    return result
  }

  private static func lend<Result>(
    _ bytes: inout [UInt8], _ count: Int, _ body: (inout MutableRawSpan) -> Result
  ) -> Result {
    var elements = bytes.mutableSpan
    var all = MutableRawSpan(_elements: &elements)
    var frame = all._mutatingExtracting(0..<count)
    return body(&frame)
  }
}
