// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Linux's error numbers (`errno(3)`).
public struct Errno: RawRepresentable, Error, Equatable, Sendable {
  public let rawValue: Int32

  @inline(__always)
  public init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// `EPERM`
  public static let notPermitted = Errno(rawValue: 1)
  /// `ENOENT`
  public static let noSuchFile = Errno(rawValue: 2)
  /// `ESRCH`
  public static let noSuchProcess = Errno(rawValue: 3)
  /// `EINTR`
  public static let interrupted = Errno(rawValue: 4)
  /// `EIO`
  public static let inputOutput = Errno(rawValue: 5)
  /// `ENXIO`
  public static let noSuchDeviceAddress = Errno(rawValue: 6)
  /// `E2BIG`
  public static let argumentListTooLong = Errno(rawValue: 7)
  /// `ENOEXEC`
  public static let notExecutable = Errno(rawValue: 8)
  /// `EBADF`
  public static let badDescriptor = Errno(rawValue: 9)
  /// `ECHILD`
  public static let noChildren = Errno(rawValue: 10)
  /// `EAGAIN`
  public static let wouldBlock = Errno(rawValue: 11)
  /// `ENOMEM`
  public static let outOfMemory = Errno(rawValue: 12)
  /// `EACCES`
  public static let accessDenied = Errno(rawValue: 13)
  /// `EFAULT`
  public static let badAddress = Errno(rawValue: 14)
  /// `EBUSY`
  public static let busy = Errno(rawValue: 16)
  /// `EEXIST`
  public static let fileExists = Errno(rawValue: 17)
  /// `EXDEV`
  public static let crossDevice = Errno(rawValue: 18)
  /// `ENODEV`
  public static let noSuchDevice = Errno(rawValue: 19)
  /// `ENOTDIR`
  public static let notDirectory = Errno(rawValue: 20)
  /// `EISDIR`
  public static let isDirectory = Errno(rawValue: 21)
  /// `EINVAL`
  public static let invalidArgument = Errno(rawValue: 22)
  /// `ENFILE`
  public static let tooManyOpenFilesInSystem = Errno(rawValue: 23)
  /// `EMFILE`
  public static let tooManyOpenFiles = Errno(rawValue: 24)
  /// `ENOTTY`
  public static let notTerminal = Errno(rawValue: 25)
  /// `ETXTBSY`
  public static let textBusy = Errno(rawValue: 26)
  /// `EFBIG`
  public static let fileTooLarge = Errno(rawValue: 27)
  /// `ENOSPC`
  public static let noSpace = Errno(rawValue: 28)
  /// `ESPIPE`
  public static let illegalSeek = Errno(rawValue: 29)
  /// `EROFS`
  public static let readOnlyFileSystem = Errno(rawValue: 30)
  /// `EMLINK`
  public static let tooManyLinks = Errno(rawValue: 31)
  /// `EPIPE`
  public static let brokenPipe = Errno(rawValue: 32)
  /// `EDOM`
  public static let domain = Errno(rawValue: 33)
  /// `ERANGE`
  public static let range = Errno(rawValue: 34)
  /// `EDEADLK`
  public static let deadlock = Errno(rawValue: 35)
  /// `ENAMETOOLONG`
  public static let nameTooLong = Errno(rawValue: 36)
  /// `ENOLCK`
  public static let noLocks = Errno(rawValue: 37)
  /// `ENOSYS`
  public static let notImplemented = Errno(rawValue: 38)
  /// `ENOTEMPTY`
  public static let directoryNotEmpty = Errno(rawValue: 39)
  /// `ELOOP`
  public static let tooManyLinksInPath = Errno(rawValue: 40)
  /// `ENODATA`
  public static let noData = Errno(rawValue: 61)
  /// `EOVERFLOW`
  public static let overflow = Errno(rawValue: 75)
  /// `EOPNOTSUPP`
  public static let notSupported = Errno(rawValue: 95)
  /// `ETIMEDOUT`
  public static let timedOut = Errno(rawValue: 110)
  /// `EAFNOSUPPORT`
  public static let addressFamilyNotSupported = Errno(rawValue: 97)
  /// `ENOTSOCK`
  public static let notSocket = Errno(rawValue: 88)
  /// `ESOCKTNOSUPPORT`
  public static let socketTypeNotSupported = Errno(rawValue: 94)
  /// `EISCONN`
  public static let alreadyConnected = Errno(rawValue: 106)
  /// `ENOTCONN`
  public static let notConnected = Errno(rawValue: 107)
  /// `ECONNREFUSED`
  public static let connectionRefused = Errno(rawValue: 111)
  /// `ECONNRESET`
  public static let connectionReset = Errno(rawValue: 104)
  /// `ECONNABORTED`
  public static let connectionAborted = Errno(rawValue: 103)
  /// `EADDRINUSE`
  public static let addressInUse = Errno(rawValue: 98)
  /// `EADDRNOTAVAIL`
  public static let addressNotAvailable = Errno(rawValue: 99)
  /// `ENETUNREACH`
  public static let networkUnreachable = Errno(rawValue: 101)
  /// `EHOSTUNREACH`
  public static let hostUnreachable = Errno(rawValue: 113)
  /// `EINPROGRESS`
  public static let inProgress = Errno(rawValue: 115)
  /// `EALREADY`
  public static let alreadyInProgress = Errno(rawValue: 114)
  /// `EMSGSIZE`
  public static let messageTooLong = Errno(rawValue: 90)
  /// `EPROTOTYPE`
  public static let wrongProtocolType = Errno(rawValue: 91)
  /// `ENOPROTOOPT`
  public static let noProtocolOption = Errno(rawValue: 92)
  /// `EPROTONOSUPPORT`
  public static let protocolNotSupported = Errno(rawValue: 93)
  /// `EDESTADDRREQ`
  public static let destinationRequired = Errno(rawValue: 89)
  /// `ENOBUFS`
  public static let noBuffers = Errno(rawValue: 105)
  /// `ETOOMANYREFS`
  public static let tooManyReferences = Errno(rawValue: 109)

  // What the program never sees: how an interrupted call goes on after the signal
  // (linux/errno.h). The attendant turns each into `EINTR` or a restart.

  /// `ERESTARTSYS`: again, unless a handler without `SA_RESTART` ran.
  public static let restart = Errno(rawValue: 512)
  /// `ERESTARTNOINTR`: again in any case.
  public static let restartAlways = Errno(rawValue: 513)
  /// `ERESTARTNOHAND`: again, unless any handler ran.
  public static let restartWithoutHandler = Errno(rawValue: 514)
  /// `ERESTART_RESTARTBLOCK`: goes on with the thread's `restart`, unless any handler ran.
  public static let restartBlock = Errno(rawValue: 516)
}

/// Runs `body` and turns its reason into Linux's number.
@inline(__always)
public func withErrno<R>(_ body: () throws(SystemError) -> R) throws(Errno) -> R {
  do { return try body() } catch { throw Errno(error) }
}

extension Errno {
  /// The one place where a service's reason becomes Linux's number.
  public init(_ error: SystemError) {
    self =
      switch error {
      case .notPermitted: .notPermitted
      case .noSuchFile: .noSuchFile
      case .noSuchProcess: .noSuchProcess
      // A service that a signal interrupts leaves it to the signal's action what follows.
      case .interrupted: .restart
      case .interruptedForGood: .interrupted
      case .inputOutput: .inputOutput
      case .noSuchDeviceAddress: .noSuchDeviceAddress
      case .argumentListTooLong: .argumentListTooLong
      case .notExecutable: .notExecutable
      case .badDescriptor: .badDescriptor
      case .noChildren: .noChildren
      case .wouldBlock: .wouldBlock
      case .outOfMemory: .outOfMemory
      case .accessDenied: .accessDenied
      case .badAddress: .badAddress
      case .busy: .busy
      case .fileExists: .fileExists
      case .crossDevice: .crossDevice
      case .noSuchDevice: .noSuchDevice
      case .notDirectory: .notDirectory
      case .isDirectory: .isDirectory
      case .invalidArgument: .invalidArgument
      case .tooManyOpenFilesInSystem: .tooManyOpenFilesInSystem
      case .tooManyOpenFiles: .tooManyOpenFiles
      case .notTerminal: .notTerminal
      case .textBusy: .textBusy
      case .fileTooLarge: .fileTooLarge
      case .noSpace: .noSpace
      case .illegalSeek: .illegalSeek
      case .readOnlyFileSystem: .readOnlyFileSystem
      case .tooManyLinks: .tooManyLinks
      case .brokenPipe: .brokenPipe
      case .domain: .domain
      case .range: .range
      case .deadlock: .deadlock
      case .nameTooLong: .nameTooLong
      case .noLocks: .noLocks
      case .notImplemented: .notImplemented
      case .directoryNotEmpty: .directoryNotEmpty
      case .tooManyLinksInPath: .tooManyLinksInPath
      case .noData: .noData
      case .overflow: .overflow
      case .notSupported: .notSupported
      case .timedOut: .timedOut
      case .addressFamilyNotSupported: .addressFamilyNotSupported
      case .notSocket: .notSocket
      case .notConnected: .notConnected
      case .socketTypeNotSupported: .socketTypeNotSupported
      case .alreadyConnected: .alreadyConnected
      case .connectionRefused: .connectionRefused
      case .connectionReset: .connectionReset
      case .connectionAborted: .connectionAborted
      case .addressInUse: .addressInUse
      case .addressNotAvailable: .addressNotAvailable
      case .networkUnreachable: .networkUnreachable
      case .hostUnreachable: .hostUnreachable
      case .inProgress: .inProgress
      case .alreadyInProgress: .alreadyInProgress
      case .messageTooLong: .messageTooLong
      case .wrongProtocolType: .wrongProtocolType
      case .noProtocolOption: .noProtocolOption
      case .protocolNotSupported: .protocolNotSupported
      case .destinationRequired: .destinationRequired
      case .noBuffers: .noBuffers
      case .tooManyReferences: .tooManyReferences
      }
  }
}
