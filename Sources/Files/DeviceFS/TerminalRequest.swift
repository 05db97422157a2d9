// SPDX-License-Identifier: BSD-3-Clause

/// The `ioctl` requests of streams and terminals (`ioctl_tty(2)`).
enum TerminalRequest {
  /// `TCGETS`
  static let getAttributes: UInt32 = 0x5401
  /// `TCSETS`
  static let setAttributesNow: UInt32 = 0x5402
  /// `TCSETSW`
  static let setAttributesDrain: UInt32 = 0x5403
  /// `TCSETSF`
  static let setAttributesFlush: UInt32 = 0x5404
  /// `TCSBRK`, also of `tcdrain`
  static let sendBreak: UInt32 = 0x5409
  /// `TCFLSH`
  static let flush: UInt32 = 0x540b
  /// `TIOCSCTTY`
  static let setControlling: UInt32 = 0x540e
  /// `TIOCGPGRP`
  static let getGroup: UInt32 = 0x540f
  /// `TIOCSPGRP`
  static let setGroup: UInt32 = 0x5410
  /// `TIOCGWINSZ`
  static let getWindowSize: UInt32 = 0x5413
  /// `TIOCSWINSZ`
  static let setWindowSize: UInt32 = 0x5414
  /// `FIONREAD`, `TIOCINQ`
  static let readableByteCount: UInt32 = 0x541b
}
