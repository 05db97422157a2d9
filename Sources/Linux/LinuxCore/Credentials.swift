// SPDX-License-Identifier: BSD-3-Clause

/// Who the program is (`credentials(7)`). There is one user at a time and nobody else to protect:
/// the numbers are kept because programs read back what they set.
public struct Credentials: Equatable, Sendable {
  /// Real, effective, saved, and file-system identity.
  public struct Identity: Equatable, Sendable {
    public var real: UInt32 = 0
    public var effective: UInt32 = 0
    public var saved: UInt32 = 0
    public var fileSystem: UInt32 = 0

    public init() {}

    func has(_ identifier: UInt32) -> Bool {
      identifier == real || identifier == effective || identifier == saved
    }

    /// `setuid(2)`. Throws `notPermitted`.
    public mutating func set(_ identifier: UInt32, isPrivileged: Bool) throws(Errno) {
      guard isPrivileged || identifier == real || identifier == saved else {
        throw .notPermitted
      }
      if isPrivileged {
        real = identifier
        saved = identifier
      }
      effective = identifier
      fileSystem = identifier
    }

    /// `setresuid(2)`: the largest number leaves a part as it is. Throws `notPermitted`.
    public mutating func set(
      real newReal: UInt32, effective newEffective: UInt32, saved newSaved: UInt32,
      isPrivileged: Bool
    ) throws(Errno) {
      for identifier in [newReal, newEffective, newSaved] where identifier != .max {
        guard isPrivileged || has(identifier) else { throw .notPermitted }
      }
      if newReal != .max { real = newReal }
      if newEffective != .max {
        effective = newEffective
        fileSystem = newEffective
      }
      if newSaved != .max { saved = newSaved }
    }
  }

  public var user = Identity()
  public var group = Identity()
  public var supplementaryGroups: [UInt32] = []

  public init() {}

  /// Whether it has root's capabilities.
  public var isPrivileged: Bool { user.effective == 0 }
}
