// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine

/// Paths of an application on the host: they begin at the folder that stands for the image's root,
/// and `..` leads no higher.
enum HostPath {
  private static let root = HostTree.rootFolder

  static func bytes(_ path: FilePath) -> [UInt8] {
    let slash = UInt8(ascii: "/")
    let span = path.bytes
    guard span.byteCount > 0 else { return [] }
    var names: [[UInt8]] = []
    var name: [UInt8] = []
    for offset in 0...span.byteCount {
      if offset < span.byteCount, span.byte(at: offset) != slash {
        name.append(span.byte(at: offset))
        continue
      }
      if name == [UInt8(ascii: "."), UInt8(ascii: ".")] {
        _ = names.popLast()
      } else if !name.isEmpty, name != [UInt8(ascii: ".")] {
        names.append(name)
      }
      name = []
    }
    let endsInSlash = span.byte(at: span.byteCount - 1) == slash
    var result = root
    for name in names { result += [slash] + name }
    if endsInSlash || names.isEmpty { result.append(slash) }
    return result
  }
}

extension FileError {
  init(_ error: HostFileError) {
    switch error {
    case .noSuchFile: self = .noSuchFile
    case .notDirectory: self = .notDirectory
    case .isDirectory: self = .isDirectory
    case .fileExists: self = .fileExists
    case .directoryNotEmpty: self = .directoryNotEmpty
    case .readOnly: self = .readOnly
    case .noSpace: self = .noSpace
    case .fileTooLarge: self = .fileTooLarge
    case .nameTooLong: self = .nameTooLong
    case .tooManyLinks: self = .tooManyLinks
    case .notPermitted: self = .notPermitted
    case .notOpenForThis: self = .notOpenForThis
    case .busy: self = .busy
    case .otherFileSystem: self = .otherFileSystem
    case .invalid: self = .invalid
    case .notSupported: self = .notSupported
    case .inputOutput: self = .inputOutput
    }
  }
}
