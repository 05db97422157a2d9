// SPDX-License-Identifier: BSD-3-Clause

import Base

extension SystemError {
  /// The reason behind Linux's `errno`, as servers send it; those that no file has are
  /// `inputOutput`.
  init(linuxNumber number: UInt32) {
    self =
      switch number {
      case 1: .notPermitted
      case 2, 116: .noSuchFile  // ESTALE: gone
      case 6: .noSuchDeviceAddress
      case 11: .wouldBlock
      case 12: .outOfMemory
      case 13: .accessDenied
      case 16: .busy
      case 17: .fileExists
      case 18: .crossDevice
      case 19: .noSuchDevice
      case 20: .notDirectory
      case 21: .isDirectory
      case 22: .invalidArgument
      case 23, 24: .tooManyOpenFilesInSystem
      case 26: .textBusy
      case 27: .fileTooLarge
      case 28, 122: .noSpace  // EDQUOT
      case 30: .readOnlyFileSystem
      case 31: .tooManyLinks
      case 36: .nameTooLong
      case 37: .noLocks
      case 38: .notImplemented
      case 39: .directoryNotEmpty
      case 40: .tooManyLinksInPath
      case 61: .noData
      case 75: .overflow
      case 95: .notSupported
      default: .inputOutput
      }
  }
}
