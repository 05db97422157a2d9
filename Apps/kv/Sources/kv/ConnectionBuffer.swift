// SPDX-License-Identifier: BSD-3-Clause

import KVCore
import Martlet

/// Replies on their way to a connection.
struct ConnectionBuffer: ReplySink, ~Copyable {
  private var bytes: [UInt8]
  private(set) var count = 0

  init(byteCount: Int) {
    bytes = [UInt8](repeating: 0, count: byteCount)
  }

  var room: Int { bytes.count - count }
  var contiguousRoom: Int { room }

  mutating func append(_ source: RawSpan) {
    fill(source.byteCount) {
      $0.copy(source)
      return source.byteCount
    }
  }

  mutating func fill(_ limit: Int, _ body: (inout MutableRawSpan) -> Int) {
    let start = count
    var elements = bytes.mutableSpan
    var all = MutableRawSpan(_elements: &elements)
    var part = all._mutatingExtracting(start..<start + limit)
    let used = body(&part)
    count = start + used
  }

  /// Gives a connection what is there.
  mutating func flush(to connection: inout TCPConnection) throws(NetworkError) {
    guard count > 0 else { return }
    try connection.write(bytes[..<count])
    count = 0
  }
}
