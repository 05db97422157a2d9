// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// The text of an IPv4 or IPv6 address.
public struct NetworkAddress: Sendable, Equatable {
  public let text: String
  /// The most bits that a prefix of it may have.
  let bitCount: Int

  /// `nil` when the text is no address (`inet_pton(3)`).
  public init?(_ text: String) {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 {
      bitCount = 32
    } else if inet_pton(AF_INET6, text, &bytes) == 1 {
      bitCount = 128
    } else {
      return nil
    }
    self.text = text
  }
}

/// An address and how many of its first bits name the network: `10.0.0.2/24`.
public struct NetworkPrefix: Sendable, Equatable {
  public let text: String

  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = NetworkAddress(String(parts[0])),
      let length = Int(parts[1]), (1...address.bitCount).contains(length)
    else { return nil }
    self.text = text
  }
}
