// SPDX-License-Identifier: BSD-3-Clause

extension Span where Element == UInt8 {
  /// Whether `extent` holds a host that is not empty, and perhaps a port; no user.
  ///
  /// An IPv6 address and percent-encoding are checked for their characters only: nothing is looked
  /// up by them here.
  ///
  /// Source: RFC 9110 sections 4.2.1 (an empty host is invalid), 4.2.4 and 7.2; RFC 3986 section
  /// 3.2.2.
  @_optimize(speed)
  func isAuthority(_ extent: Extent) -> Bool {
    let end = extent.end
    guard !extent.isEmpty, end <= count else { return false }
    var index = extent.offset
    if self[index] == UInt8(ascii: "[") {
      let start = index
      index &+= 1
      while index < end, self[index].isAddress { index &+= 1 }
      guard index < end, index > start &+ 2, self[index] == UInt8(ascii: "]") else { return false }
      index &+= 1
    } else {
      index = self.end(of: ByteClass.host, from: index, to: end)
      guard index > extent.offset else { return false }
    }
    if index == end { return true }
    guard self[index] == UInt8(ascii: ":"), end &- index <= 6 else { return false }
    let port = Extent((index &+ 1)..<end)
    // RFC 3986 section 3.2.3 allows a colon without port.
    guard !port.isEmpty else { return true }
    return decimal(port).map { $0 <= 65535 } ?? false
  }
}

extension UInt8 {
  /// What stands between the brackets of an IPv6 address.
  fileprivate var isAddress: Bool {
    hexadecimalDigit != nil || self == UInt8(ascii: ":") || self == UInt8(ascii: ".")
  }
}
