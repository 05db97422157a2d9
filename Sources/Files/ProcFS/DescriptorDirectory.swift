// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// `/proc/self/fd` and `/proc/self/fdinfo`: one entry for each open file.
final class DescriptorDirectory: FixedDirectory {
  enum Contents {
    /// Links that lead to the open file's node.
    case links
    /// Position and flags.
    case details
  }

  private let information: any SystemInformation
  private let contents: Contents

  init(_ system: PseudoFileSystem, _ information: any SystemInformation, _ contents: Contents) {
    self.information = information
    self.contents = contents
    super.init(system, permissionBits: contents == .links ? 0o500 : 0o555)
  }

  override func lookupOther(_ name: RawSpan) throws(SystemError) -> Node? {
    guard let descriptor = DecimalText.number(name),
      let file = information.openFile(at: descriptor)
    else { return nil }
    switch contents {
    case .links: return link(descriptor, file)
    case .details: return details(descriptor)
    }
  }

  override func otherEntry(from cookie: UInt64) throws(SystemError) -> DirectoryEntry? {
    guard let minimum = Int32(exactly: cookie),
      let descriptor = information.nextDescriptor(from: minimum)
    else { return nil }
    return DirectoryEntry(
      name: DecimalText.bytes(of: descriptor), number: number << 32 | UInt64(descriptor + 1),
      kind: contents == .links ? .symbolicLink : .regular, next: UInt64(descriptor) + 1)
  }

  private func link(_ descriptor: Int32, _ file: OpenFile) -> Node {
    let information = information
    let isPathOnly = file.flags.contains(.pathOnly)
    let reading: UInt32 = file.isReadable || isPathOnly ? 0o500 : 0o100
    let writing: UInt32 = file.isWritable || isPathOnly ? 0o200 : 0
    return PseudoLink(
      system, permissionBits: reading | writing,
      object: { () throws(SystemError) in
        guard let file = information.openFile(at: descriptor) else { throw .noSuchFile }
        return file.node
      }
    ) { () throws(SystemError) in
      guard let file = information.openFile(at: descriptor) else { throw .noSuchFile }
      return Self.path(of: file)
    }
  }

  /// What Linux tells of an open file: its path, or the kind and number of one without a path.
  static func path(of file: OpenFile) -> [UInt8] {
    let node = file.node
    var text = TextBuilder()
    let path = node.absolutePath
    if !file.path.isEmpty {
      text.append(file.path)
      if node.isRemoved { text.append(" (deleted)") }
    } else if node === AnonymousNode.shared {
      text.append(node.lastName)
    } else if !path.isEmpty {
      text.append(path)
    } else {
      switch node.kind {
      case .fifo: text.append("pipe:[")
      case .socket: text.append("socket:[")
      default: text.append("anon_inode:[")
      }
      text.append(decimal: node.number)
      text.append("]")
    }
    return text.bytes
  }

  private func details(_ descriptor: Int32) -> Node {
    let information = information
    return TextNode(system) { (text) throws(SystemError) in
      guard let file = information.openFile(at: descriptor) else { throw .noSuchFile }
      text.append("pos:\t")
      text.append(decimal: Int(file.position))
      text.append("\nflags:\t0")
      var flags = file.flags
      if information.closesOnExec(descriptor) { flags.insert(.closeOnExec) }
      text.append(octal: UInt64(flags.rawValue))
      text.append("\nmnt_id:\t1\nino:\t")
      text.append(decimal: file.node.number)
      text.endLine()
    }
  }
}
