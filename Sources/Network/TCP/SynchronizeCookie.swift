// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// SYN cookies (RFC 4987 section 3.6): everything that is known of a half-open connection is in its
/// initial sequence number, so nothing has to be kept.
///
/// The 32 bits: 5 bits of a minute counter, 3 bits for the segment size, 24 bits of a keyed hash of
/// both ends, the other side's number, the counter and the size. Scaling, SACK and timestamps are
/// lost for such a connection.
struct SynchronizeCookie {
  let key: SipKey

  /// Segment sizes that a cookie can say.
  private static let sizes: InlineArray<8, UInt16> = [216, 536, 1220, 1360, 1400, 1440, 1460, 8960]
  /// How many minutes a cookie is good for.
  private static let lifetime: UInt64 = 2

  private func minute(_ now: Instant) -> UInt64 { now.nanoseconds / 60_000_000_000 }

  private func digest(
    _ tuple: ConnectionTuple, _ remote: SequenceNumber, minute: UInt64, size: UInt32
  ) -> UInt32 {
    var hash = SipHash(key: key)
    hash.add(tuple.hash(key))
    hash.add(UInt64(remote.rawValue) << 32 | UInt64(size))
    hash.add(minute)
    return UInt32(truncatingIfNeeded: hash.finish()) & 0xff_ffff
  }

  /// The sequence number to answer a SYN numbered `remote` with.
  func make(
    for tuple: ConnectionTuple, remote: SequenceNumber, segmentSize: Int, now: Instant
  ) -> SequenceNumber {
    var size: UInt32 = 0
    while size < 7, Int(Self.sizes[Int(size) + 1]) <= segmentSize { size += 1 }
    let minute = minute(now)
    let digest = digest(tuple, remote, minute: minute, size: size)
    return SequenceNumber(UInt32(truncatingIfNeeded: minute & 31) << 27 | size << 24 | digest)
  }

  /// The segment size that was in a cookie, or nil when it is forged or too old.
  func check(
    _ number: SequenceNumber, for tuple: ConnectionTuple, remote: SequenceNumber, now: Instant
  ) -> Int? {
    let minute = minute(now)
    let size = (number.rawValue >> 24) & 7
    let said = UInt64(number.rawValue >> 27)
    for age in 0..<Self.lifetime where minute >= age && (minute - age) & 31 == said {
      if digest(tuple, remote, minute: minute - age, size: size) == number.rawValue & 0xff_ffff {
        return Int(Self.sizes[Int(size)])
      }
    }
    return nil
  }
}
