// SPDX-License-Identifier: BSD-3-Clause

/// The requests that are sent (9P2000.L, `protocol.md`); the reply's number is one more.
enum MessageType: UInt8 {
  case statfs = 8
  case open = 12
  case create = 14
  case symlink = 16
  case makeNode = 18
  case readLink = 22
  case getAttributes = 24
  case setAttributes = 26
  case readDirectory = 40
  case synchronize = 50
  case link = 70
  case makeDirectory = 72
  case renameAt = 74
  case unlinkAt = 76
  case version = 100
  case attach = 104
  case walk = 110
  case read = 116
  case write = 118
  case clunk = 120

  /// `Rlerror`
  static var error: UInt8 { 7 }

  var reply: UInt8 { rawValue + 1 }
}
