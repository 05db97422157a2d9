// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// Why a call on a file of the host failed.
public enum HostFileError: Error, Sendable, Equatable {
  case noSuchFile, notDirectory, isDirectory, fileExists, directoryNotEmpty, readOnly, noSpace
  case fileTooLarge, nameTooLong, tooManyLinks, notPermitted, notOpenForThis, busy
  case otherFileSystem, invalid, notSupported, inputOutput

  /// What `errno` tells after a call that failed.
  static var last: HostFileError {
    switch errno {
    case ENOENT: .noSuchFile
    case ENOTDIR: .notDirectory
    case EISDIR: .isDirectory
    case EEXIST: .fileExists
    case ENOTEMPTY: .directoryNotEmpty
    case EROFS: .readOnly
    case ENOSPC, EDQUOT, ENOMEM, EMFILE, ENFILE: .noSpace
    case EFBIG, EOVERFLOW: .fileTooLarge
    case ENAMETOOLONG: .nameTooLong
    case ELOOP, EMLINK: .tooManyLinks
    case EPERM, EACCES: .notPermitted
    case EBADF: .notOpenForThis
    case EBUSY, ETXTBSY: .busy
    case EXDEV: .otherFileSystem
    case EINVAL: .invalid
    case EOPNOTSUPP, ENODEV, ENXIO, ESPIPE: .notSupported
    default: .inputOutput
    }
  }
}
