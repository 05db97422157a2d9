// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Packets

/// The urgent byte of the receiving side (RFC 6093, RFC 9293 section 3.8.5), as Linux has it: the
/// pointer is that of BSD and points behind the last urgent byte, of which only this one byte is
/// out of band; a newer one takes its place.
struct UrgentMark: BitwiseCopyable, Sendable {
  private enum State: Equatable, BitwiseCopyable {
    case none
    /// Announced, the byte has not come.
    case awaited
    /// Here and not read.
    case present(UInt8)
    /// Read, but the stream has not come to the mark.
    case read
  }

  private var state = State.none
  /// The number of the urgent byte, while there is a mark.
  private(set) var position = SequenceNumber(0)
  /// SO_OOBINLINE: the byte is ordinary data with a mark.
  var staysInline = false

  @inline(__always)
  var isMarked: Bool { state != .none }
  @inline(__always)
  var isAwaited: Bool { state == .awaited }
  /// Whether an urgent byte is announced or here.
  var isPending: Bool {
    switch state {
    case .awaited, .present: true
    case .none, .read: false
    }
  }
  /// Whether the byte can be read now.
  var isPresent: Bool {
    if case .present = state { return true }
    return false
  }

  /// Takes the place of an urgent byte; false when that is known already.
  mutating func announce(_ number: SequenceNumber) -> Bool {
    if isMarked, number <= position { return false }
    position = number
    state = .awaited
    return true
  }

  /// Takes the byte out when it is in `data`, which begins at `start`.
  mutating func look(at data: borrowing PacketQueue, from start: SequenceNumber) {
    let offset = position - start
    guard isAwaited, offset >= 0, offset < data.byteCount else { return }
    let byte = data.shareBytes(from: offset, count: 1).withFirstBytes { $0.byte(at: 0) }
    if let byte { state = .present(byte) }
  }

  /// The byte, or nil when it is not here or was read.
  mutating func read(peeking: Bool) -> UInt8? {
    guard case .present(let byte) = state else { return nil }
    if !peeking { state = .read }
    return byte
  }

  /// Forgets the mark: the stream has come by.
  mutating func pass() { state = .none }
}
