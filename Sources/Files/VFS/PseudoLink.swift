// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A symbolic link of a pseudo file system: to a path, or straight to an object.
public final class PseudoLink: Node {
  private let system: PseudoFileSystem
  private let target: () throws(SystemError) -> [UInt8]
  private let object: (() throws(SystemError) -> Node)?

  /// - Parameters:
  ///   - object: what the link leads to, whatever its text says; nil for a link that is followed
  ///     by its text.
  ///   - target: what the link says.
  public init(
    _ system: PseudoFileSystem, permissionBits: UInt32 = 0o777,
    object: (() throws(SystemError) -> Node)? = nil,
    _ target: @escaping () throws(SystemError) -> [UInt8]
  ) {
    self.system = system
    self.target = target
    self.object = object
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: .symbolicLink,
      permissionBits: permissionBits)
  }

  /// A link that always says the same.
  public convenience init(_ system: PseudoFileSystem, to target: StaticString) {
    self.init(system) { () throws(SystemError) in target.byteArray }
  }

  public override func readLink() throws(SystemError) -> [UInt8] { try target() }

  public override func followLink() throws(SystemError) -> Node? { try object?() }

  public override var statistics: FileSystemStatistics { system.statistics }
}
