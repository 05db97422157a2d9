// SPDX-License-Identifier: BSD-3-Clause

/// A file of the host that is a disk of the guest: `FILE[:ro]`.
public struct Disk: Sendable, Hashable, CustomStringConvertible {
  /// The file with the disk's bytes, nothing before and behind them.
  public var path: String
  public var isReadOnly: Bool

  /// Parses the text; `nil` when it names no file.
  public init?(_ text: String) {
    var body = Substring(text)
    isReadOnly = body.hasSuffix(":ro")
    if isReadOnly { body = body.dropLast(3) }
    guard !body.isEmpty, !body.utf8.contains(0) else { return nil }
    path = String(body)
  }

  public var description: String { path + (isReadOnly ? ":ro" : "") }
}
