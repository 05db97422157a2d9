// SPDX-License-Identifier: BSD-3-Clause

/// What may be done with the bytes of a page.
public struct Permissions: OptionSet, Hashable, Sendable, BitwiseCopyable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  public static let read = Permissions(rawValue: 1)
  public static let write = Permissions(rawValue: 2)
  public static let execute = Permissions(rawValue: 4)

  public static let none: Permissions = []
  public static let readWrite: Permissions = [.read, .write]
  public static let readExecute: Permissions = [.read, .execute]
}
