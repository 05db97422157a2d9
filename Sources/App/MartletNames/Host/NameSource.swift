// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Machine
import MartletTime

/// The host's own resolver.
enum NameSource {
  static func addresses(
    of text: [UInt8], until deadline: Instant
  ) throws(NameError) -> [IPAddress] {
    guard isName(text) else { throw .invalid }
    let lookup = HostNames.lookUp(text)
    while lookup.result == nil {
      guard HostThreads.waitForChange(until: deadline.nanoseconds) else { throw .timedOut }
    }
    switch lookup.result {
    case .found(let pairs):
      return pairs.map { IPAddress(IPv6Address(high: $0.high, low: $0.low)) }
    case .notFound: throw .notFound
    case .failed, nil: throw .failed
    }
  }

  /// The host would take more than names.
  private static func isName(_ text: [UInt8]) -> Bool {
    var labelCount = 0
    for (index, byte) in text.enumerated() {
      switch byte {
      case 0x2e:
        guard labelCount > 0 || index == text.count - 1 && index > 0 else { return false }
        labelCount = 0
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x5f: labelCount += 1
      default: return false
      }
      guard labelCount <= 63 else { return false }
    }
    return true
  }
}
