// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import VFS

/// The flags of the send and receive calls (`MSG_…`).
public struct MessageFlags: OptionSet, Sendable, BitwiseCopyable {
  public let rawValue: UInt32

  @inline(__always)
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// `MSG_OOB`
  public static let outOfBand = Self(rawValue: 0x1)
  /// `MSG_PEEK`
  public static let peek = Self(rawValue: 0x2)
  /// `MSG_DONTROUTE`
  public static let doNotRoute = Self(rawValue: 0x4)
  /// `MSG_CTRUNC`: control data was cut off.
  public static let controlTruncated = Self(rawValue: 0x8)
  /// `MSG_TRUNC`: data was cut off; asked for, the whole length is returned.
  public static let truncated = Self(rawValue: 0x20)
  /// `MSG_DONTWAIT`
  public static let doNotWait = Self(rawValue: 0x40)
  /// `MSG_EOR`
  public static let endOfRecord = Self(rawValue: 0x80)
  /// `MSG_WAITALL`
  public static let waitForAll = Self(rawValue: 0x100)
  /// `MSG_CONFIRM`
  public static let confirm = Self(rawValue: 0x800)
  /// `MSG_ERRQUEUE`
  public static let errorQueue = Self(rawValue: 0x2000)
  /// `MSG_NOSIGNAL`
  public static let noSignal = Self(rawValue: 0x4000)
  /// `MSG_MORE`
  public static let more = Self(rawValue: 0x8000)
  /// `MSG_WAITFORONE`
  public static let waitForOne = Self(rawValue: 0x10000)
  /// `MSG_ZEROCOPY`
  public static let zeroCopy = Self(rawValue: 0x400_0000)
  /// `MSG_CMSG_CLOEXEC`
  public static let closesOnExec = Self(rawValue: 0x4000_0000)

  static let allowedToSend: Self = [
    .outOfBand, .doNotRoute, .doNotWait, .endOfRecord, .confirm, .noSignal, .more,
  ]
  static let allowedToReceive: Self = [
    .outOfBand, .peek, .truncated, .doNotWait, .waitForAll, .errorQueue, .closesOnExec,
    .waitForOne, .noSignal,
  ]
}

/// One piece of control data (`struct cmsghdr` and what follows).
public struct ControlMessage {
  public let level: Int32
  public let type: Int32
  public let bytes: [UInt8]

  public init(level: Int32, type: Int32, bytes: [UInt8]) {
    self.level = level
    self.type = type
    self.bytes = bytes
  }

  /// `SOL_SOCKET`
  public static let socketLevel: Int32 = 1
  /// `SCM_RIGHTS`
  public static let rights: Int32 = 1
  /// `SCM_CREDENTIALS`
  public static let credentials: Int32 = 2
}

/// What `sendmsg` sends.
public struct OutgoingMessage {
  public var data: UserVector
  public var flags: MessageFlags
  /// Where to; nil for where the socket is connected.
  public var target: SocketAddress?
  public var control: [ControlMessage] = []
  /// The files that `SCM_RIGHTS` names.
  public var files: [OpenFile] = []

  public init(_ data: UserVector, _ flags: MessageFlags = [], to target: SocketAddress? = nil) {
    self.data = data
    self.flags = flags
    self.target = target
  }
}

/// What `recvmsg` receives: where to, and afterwards what beside the data.
public struct IncomingMessage {
  public var data: UserVector
  public var flags: MessageFlags
  /// Whether the program has room for control data.
  public var wantsControl = false
  /// Where it came from; nil for what has no sender's address.
  public var source: SocketAddress?
  public var control: [ControlMessage] = []
  /// Files that came along, each held open as by a descriptor; they become descriptors. Only with
  /// `wantsControl`.
  public var files: [OpenFile] = []
  /// `msg_flags`
  public var resultFlags: MessageFlags = []

  public init(_ data: UserVector, _ flags: MessageFlags = []) {
    self.data = data
    self.flags = flags
  }
}
