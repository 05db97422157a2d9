// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// A mounted file system, for `/proc/self/mounts` and `/proc/self/mountinfo`.
public struct MountInformation {
  public var identifier: Int
  public var parentIdentifier: Int
  public var deviceNumber: UInt64
  /// Where it is mounted.
  public var path: [UInt8]
  public var type: StaticString
  public var source: [UInt8]
  public var isReadOnly: Bool

  public init(
    identifier: Int, parentIdentifier: Int, deviceNumber: UInt64, path: [UInt8],
    type: StaticString, source: [UInt8], isReadOnly: Bool = false
  ) {
    self.identifier = identifier
    self.parentIdentifier = parentIdentifier
    self.deviceNumber = deviceNumber
    self.path = path
    self.type = type
    self.source = source
    self.isReadOnly = isReadOnly
  }
}
