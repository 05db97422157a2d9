// SPDX-License-Identifier: BSD-3-Clause

import MartletConsole

/// The lines of standard input, without their ends.
///
/// ```swift
/// import Martlet
///
/// var count = 0
/// for line in Console.input.lines() where !line.isEmpty { count += 1 }
/// Console.output.write("\(count) lines\n")
/// ```
public struct InputLines: Sequence, IteratorProtocol {
  private let limit: Int
  private var buffer = [UInt8](repeating: 0, count: 16_384)
  /// What of the buffer has been read and not been given.
  private var rest = 0..<0
  private var isAtEnd = false
  /// Whether the last line given was as long as one may be: its end is still to come.
  private var wasCut = false

  init(limit: Int) {
    precondition(limit > 0, "a line has room for at least one byte")
    self.limit = limit
  }

  /// The next line, without its LF; what stands behind the last LF counts as a line when it is not
  /// empty. Nil at the end of input.
  public mutating func next() -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if rest.isEmpty {
        guard refill() else { return line.isEmpty ? nil : line }
      }
      if wasCut {
        wasCut = false
        if buffer[rest.lowerBound] == UInt8(ascii: "\n") {
          rest = rest.lowerBound + 1..<rest.upperBound
          continue
        }
      }
      let room = Swift.min(rest.count, limit - line.count)
      let part = buffer[rest.lowerBound..<rest.lowerBound + room]
      if let end = part.firstIndex(of: UInt8(ascii: "\n")) {
        line += part[..<end]
        rest = end + 1..<rest.upperBound
        return line
      }
      line += part
      rest = rest.lowerBound + room..<rest.upperBound
      if line.count == limit {
        wasCut = true
        return line
      }
    }
  }

  private mutating func refill() -> Bool {
    guard !isAtEnd, let count = Console.input.read(into: &buffer), count > 0 else {
      isAtEnd = true
      return false
    }
    rest = 0..<count
    return true
  }
}
