// SPDX-License-Identifier: BSD-3-Clause

import Base

extension FileError {
  init(_ error: SystemError) {
    switch error {
    case .noSuchFile: self = .noSuchFile
    case .notDirectory: self = .notDirectory
    case .isDirectory: self = .isDirectory
    case .fileExists: self = .fileExists
    case .directoryNotEmpty: self = .directoryNotEmpty
    case .readOnlyFileSystem: self = .readOnly
    case .noSpace, .outOfMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem: self = .noSpace
    case .fileTooLarge, .overflow: self = .fileTooLarge
    case .nameTooLong: self = .nameTooLong
    case .tooManyLinks, .tooManyLinksInPath: self = .tooManyLinks
    case .notPermitted, .accessDenied: self = .notPermitted
    case .badDescriptor: self = .notOpenForThis
    case .busy, .textBusy: self = .busy
    case .crossDevice: self = .otherFileSystem
    case .invalidArgument, .range: self = .invalid
    case .notSupported, .notImplemented, .noSuchDevice, .noSuchDeviceAddress, .illegalSeek:
      self = .notSupported
    default: self = .inputOutput
    }
  }
}
