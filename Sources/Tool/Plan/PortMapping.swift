// SPDX-License-Identifier: BSD-3-Clause

/// A host port that leads to a guest port: `[ADDRESS:]HOST:GUEST[/tcp|/udp]`.
public struct PortMapping: Sendable, Hashable, CustomStringConvertible {
  public enum Transport: String, Sendable { case tcp, udp }

  /// The host address to listen on.
  public var address: String
  public var host: UInt16
  public var guest: UInt16
  public var transport: Transport

  /// Parses `6379:6379`, `127.0.0.1:8080:80` or `53:53/udp`; `nil` when it is none of them.
  public init?(_ text: String) {
    var body = Substring(text)
    transport = .tcp
    if let slash = text.lastIndex(of: "/") {
      guard let named = Transport(rawValue: String(text[text.index(after: slash)...])) else {
        return nil
      }
      transport = named
      body = text[..<slash]
    }
    let parts = body.split(separator: ":", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let host = UInt16(parts[parts.count - 2]), host > 0,
      let guest = UInt16(parts[parts.count - 1]), guest > 0
    else { return nil }
    self.host = host
    self.guest = guest
    address = parts.count == 3 ? String(parts[0]) : "127.0.0.1"
    guard !address.isEmpty else { return nil }
  }

  public var description: String { "\(address):\(host):\(guest)/\(transport)" }
}
