// SPDX-License-Identifier: BSD-3-Clause

import Base

/// The numbers of `/proc/self/stat` and `/proc/self/status`.
public struct ProcessInformation {
  public var identifier: Int32
  public var parentIdentifier: Int32 = 0
  public var groupIdentifier: Int32 = 1
  public var sessionIdentifier: Int32 = 1
  public var startedAt = Instant.start
  public var processorTime = Nanoseconds.zero
  /// Real, effective, saved and file system user.
  public var users: [UInt32] = [0, 0, 0, 0]
  /// Real, effective, saved and file system group.
  public var groups: [UInt32] = [0, 0, 0, 0]
  public var supplementaryGroups: [UInt32] = []
  /// Capability bits; the permitted, effective and bounding sets are told alike.
  public var capabilities: UInt64 = 0
  public var fileModeMask: UInt32 = 0o022
  /// Signal *n* is bit *n* - 1.
  public var pendingSignals: UInt64 = 0
  public var ignoredSignals: UInt64 = 0
  public var caughtSignals: UInt64 = 0
  public var descriptorTableCount = 64
  public var hasNoNewPrivileges = false
  public var allowsHugePages = false
  public var personality: UInt32 = 0
  /// The addresses of the program's code, data, stack, arguments and environment.
  public var code = AddressRange(start: VirtualAddress(0), byteCount: 0)
  public var data = AddressRange(start: VirtualAddress(0), byteCount: 0)
  public var startOfStack = VirtualAddress(0)
  public var arguments = AddressRange(start: VirtualAddress(0), byteCount: 0)
  public var environment = AddressRange(start: VirtualAddress(0), byteCount: 0)

  public init(identifier: Int32) {
    self.identifier = identifier
  }
}
