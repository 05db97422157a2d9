// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A library of object files: the format of `ar(5)`, with the long names of System V.
///
/// Read by hand because members may have equal names, which `ar x` would write over each other.
public struct ObjectArchive {
  public struct Member {
    public var name: String
    public var contents: Data
  }

  /// In the order of the file, without the index and the table of names.
  public let members: [Member]

  private static let magic = Data("!<arch>\n".utf8)
  private static let headerByteCount = 60

  public init(path: String) throws {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ToolError("cannot read the library", at: path)
    }
    guard bytes.prefix(8) == Self.magic else { throw ToolError("not a library", at: path) }
    var members: [Member] = []
    var names = Data()
    var at = 8
    while at + Self.headerByteCount <= bytes.count {
      let field = { (from: Int, count: Int) in
        String(decoding: bytes[(at + from)..<(at + from + count)], as: UTF8.self)
          .trimmingCharacters(in: .whitespaces)
      }
      let start = at + Self.headerByteCount
      guard let size = Int(field(48, 10)), size >= 0, start + size <= bytes.count else {
        throw ToolError("the library is cut short at byte \(at)", at: path)
      }
      let contents = Data(bytes[start..<(start + size)])
      switch field(0, 16) {
      case "/": break
      case "//": names = contents
      case let name: members.append(Member(name: Self.name(name, names), contents: contents))
      }
      at = start + size + size % 2
    }
    self.members = members
  }

  /// `name/`, or `/offset` into the table of long names.
  private static func name(_ field: String, _ names: Data) -> String {
    guard field.hasPrefix("/"), let offset = Int(field.dropFirst()), offset < names.count else {
      return field.hasSuffix("/") ? String(field.dropLast()) : field
    }
    let tail = names[offset...].prefix { $0 != 0x2f && $0 != 0x0a }
    return String(decoding: tail, as: UTF8.self)
  }
}
