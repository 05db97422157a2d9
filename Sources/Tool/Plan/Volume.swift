// SPDX-License-Identifier: BSD-3-Clause

/// A host folder that the guest sees: `HOSTDIR:/GUEST[:ro]`.
public struct Volume: Sendable, Hashable, CustomStringConvertible {
  public var host: String
  public var guest: String
  public var isReadOnly: Bool

  /// Parses the text; `nil` when the guest's path is not absolute or a part is missing.
  public init?(_ text: String) {
    var body = Substring(text)
    isReadOnly = body.hasSuffix(":ro")
    if isReadOnly { body = body.dropLast(3) }
    guard let colon = body.lastIndex(of: ":") else { return nil }
    host = String(body[..<colon])
    guest = String(body[body.index(after: colon)...])
    guard !host.isEmpty, guest.hasPrefix("/"), !text.utf8.contains(0) else { return nil }
  }

  public var description: String { "\(host):\(guest)" + (isReadOnly ? ":ro" : "") }
}
