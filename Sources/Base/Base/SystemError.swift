// SPDX-License-Identifier: BSD-3-Clause

/// Why an operating-system service refused, in the terms of the service and not of any ABI.
///
/// One closed list for memory, files and devices, so that an error crosses layers unchanged; the
/// Linux layer turns it into an `errno` in one place (`Errno.init(_:)`). Each case names the Linux
/// error in its doc line, since the services have Linux's meaning.
public enum SystemError: UInt8, Error, Sendable {
  /// `EPERM`
  case notPermitted
  /// `ENOENT`
  case noSuchFile
  /// `ESRCH`
  case noSuchProcess
  /// `EINTR`: a signal arrived; restart as the signal's action says.
  case interrupted
  /// `EIO`
  case inputOutput
  /// `ENXIO`
  case noSuchDeviceAddress
  /// `E2BIG`
  case argumentListTooLong
  /// `ENOEXEC`
  case notExecutable
  /// `EBADF`
  case badDescriptor
  /// `ECHILD`
  case noChildren
  /// `EAGAIN`, `EWOULDBLOCK`
  case wouldBlock
  /// `ENOMEM`
  case outOfMemory
  /// `EACCES`
  case accessDenied
  /// `EFAULT`: the program's address is not readable or writable.
  case badAddress
  /// `EBUSY`
  case busy
  /// `EEXIST`
  case fileExists
  /// `EXDEV`
  case crossDevice
  /// `ENODEV`
  case noSuchDevice
  /// `ENOTDIR`
  case notDirectory
  /// `EISDIR`
  case isDirectory
  /// `EINVAL`
  case invalidArgument
  /// `ENFILE`
  case tooManyOpenFilesInSystem
  /// `EMFILE`
  case tooManyOpenFiles
  /// `ENOTTY`
  case notTerminal
  /// `ETXTBSY`
  case textBusy
  /// `EFBIG`
  case fileTooLarge
  /// `ENOSPC`
  case noSpace
  /// `ESPIPE`
  case illegalSeek
  /// `EROFS`
  case readOnlyFileSystem
  /// `EMLINK`
  case tooManyLinks
  /// `EPIPE`
  case brokenPipe
  /// `EDOM`
  case domain
  /// `ERANGE`
  case range
  /// `EDEADLK`
  case deadlock
  /// `ENAMETOOLONG`
  case nameTooLong
  /// `ENOLCK`
  case noLocks
  /// `ENOSYS`
  case notImplemented
  /// `ENOTEMPTY`
  case directoryNotEmpty
  /// `ELOOP`
  case tooManyLinksInPath
  /// `ENODATA`
  case noData
  /// `EOVERFLOW`
  case overflow
  /// `EOPNOTSUPP`
  case notSupported
  /// `ETIMEDOUT`
  case timedOut
  /// `EAFNOSUPPORT`
  case addressFamilyNotSupported
  /// `ENOTSOCK`
  case notSocket
  /// `ENOTCONN`
  case notConnected
}
