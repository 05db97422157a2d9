// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A file of a pseudo file system whose text a closure makes, and which may take text.
public final class TextNode: GeneratedNode {
  private let system: PseudoFileSystem
  private let make: (inout TextBuilder) throws(SystemError) -> Void
  private let take: (([UInt8]) throws(SystemError) -> Void)?
  private let reportedByteCount: Int64

  /// - Parameters:
  ///   - byteCount: the size that `stat` tells; the text may be of any length.
  ///   - accept: takes what a program writes; without it the file is for reading only.
  ///   - make: puts the text together, once for each time that the file is read from its start.
  public init(
    _ system: PseudoFileSystem, permissionBits: UInt32 = 0o444, byteCount: Int64 = 0,
    accept: (([UInt8]) throws(SystemError) -> Void)? = nil,
    _ make: @escaping (inout TextBuilder) throws(SystemError) -> Void
  ) {
    self.system = system
    self.make = make
    take = accept
    reportedByteCount = byteCount
    super.init(
      number: system.nextNumber(), deviceNumber: system.deviceNumber, kind: .regular,
      permissionBits: permissionBits)
  }

  /// A file that always holds the same.
  public convenience init(
    _ system: PseudoFileSystem, byteCount: Int64 = 0, constant text: StaticString
  ) {
    self.init(system, byteCount: byteCount) { (builder) throws(SystemError) in
      builder.append(text)
    }
  }

  public override func generate() throws(SystemError) -> [UInt8] {
    var text = TextBuilder()
    try make(&text)
    return text.bytes
  }

  public override func accept(_ bytes: [UInt8]) throws(SystemError) {
    guard let take else { throw .inputOutput }
    var text = bytes
    while text.last == UInt8(ascii: "\n") || text.last == 0 { text.removeLast() }
    try take(text)
  }

  public override var byteCount: Int64 { reportedByteCount }
  public override var blockCount: Int64 { 0 }
  public override var statistics: FileSystemStatistics { system.statistics }
}
