// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore

/// What a `struct sockaddr` says: a family, and bytes that the family knows the meaning of.
///
/// It holds the whole structure, as `struct sockaddr_storage` does.
public struct SocketAddress: Sendable {
  /// `sizeof(struct sockaddr_storage)`
  public static let byteLimit = 128

  /// The structure, its family first.
  public private(set) var bytes: [UInt8]

  public init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// An address of a family with nothing in it.
  public init(family: UInt16) {
    bytes = [UInt8(truncatingIfNeeded: family), UInt8(truncatingIfNeeded: family >> 8)]
  }

  /// `sa_family`; 0, AF_UNSPEC, when there is not even that.
  public var family: Int32 {
    bytes.count >= 2 ? Int32(bytes[0]) | Int32(bytes[1]) << 8 : 0
  }

  /// `AF_UNSPEC`
  public var isUnspecified: Bool { family == 0 }
}

extension SystemCall {
  /// The `struct sockaddr *` and its length. Throws `invalidArgument` for an impossible length.
  func socketAddress(_ position: Int, length: Int) throws(Errno) -> SocketAddress {
    try SocketAddress(at: address(position), byteCount: int32(length))
  }

  /// The same where null means that there is none.
  func optionalSocketAddress(_ position: Int, length: Int) throws(Errno) -> SocketAddress? {
    guard optionalAddress(position) != nil, int32(length) != 0 else { return nil }
    return try socketAddress(position, length: length)
  }
}

extension SocketAddress {
  init(at address: VirtualAddress, byteCount: Int32) throws(Errno) {
    guard byteCount >= 0, byteCount <= Self.byteLimit else { throw .invalidArgument }
    bytes = try ProgramBytes.copyIn(address, count: Int(byteCount))
  }

  /// Stores as much as the program has room for, and the whole length (`accept(2)`): `address` is
  /// where to, `length` where the room stands and the length goes.
  func store(at address: VirtualAddress, length: VirtualAddress) throws(Errno) {
    let room: Int32 = try ProgramBytes.load(at: length)
    guard room >= 0 else { throw .invalidArgument }
    try ProgramBytes.copyOut([UInt8](bytes.prefix(Int(room))), to: address)
    try ProgramBytes.store(Int32(bytes.count), at: length)
  }
}
