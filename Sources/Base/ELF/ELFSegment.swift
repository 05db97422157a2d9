// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A part of the file that is mapped (`PT_LOAD`).
public struct ELFSegment: Equatable, Sendable {
  /// Relative to the base for a relocatable image.
  public let address: UInt
  public let memoryByteCount: UInt
  public let fileOffset: Int
  public let fileByteCount: Int
  public let permissions: Permissions

  public init(
    address: UInt, memoryByteCount: UInt, fileOffset: Int, fileByteCount: Int,
    permissions: Permissions
  ) {
    self.address = address
    self.memoryByteCount = memoryByteCount
    self.fileOffset = fileOffset
    self.fileByteCount = fileByteCount
    self.permissions = permissions
  }

  /// The first page's address.
  public var firstPage: UInt { address & ~UInt(pageSize - 1) }
  /// The address behind the last page.
  public var endPage: UInt { roundedUp(address + memoryByteCount, to: UInt(pageSize)) }
  /// The address behind the last byte that comes from the file.
  public var fileEnd: UInt { address + UInt(fileByteCount) }
  /// The address behind the last byte.
  public var end: UInt { address + memoryByteCount }
}
