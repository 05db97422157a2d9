// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore

/// The general registers in a signal frame, in the order of `struct sigcontext`
/// (asm/sigcontext.h): r8…r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, flags.
struct SavedRegisters: Equatable {
  static let count = 18
  var words = [UInt64](repeating: 0, count: Self.count)

  static let stackPointer = 15
  static let instructionPointer = 16
  static let flags = 17
}

/// What a handler finds on its stack: `struct rt_sigframe` of x86_64, byte for byte.
///
/// From the frame's address: the restorer's address (8 bytes), `ucontext` (304), `siginfo` (128);
/// above, 64-byte aligned, the vector state with Linux's two magic words.
struct SignalFrame {
  static let contextOffset = 8
  static let machineOffset = contextOffset + 40
  static let maskOffset = contextOffset + 296
  static let informationOffset = contextOffset + 304
  static let byteCount = informationOffset + 128
  static let redZone: UInt = 128

  var restorer: UInt
  var registers: SavedRegisters
  var mask: SignalSet
  var stack: AlternateStack
  var information: SignalInformation
  var trapNumber: UInt64 = 0
  var errorCode: UInt64 = 0
  var faultAddress: UInt64 = 0
  /// XCR0, or 0 when the state is FXSAVE's.
  var vectorFeatures: UInt64

  /// Where the frame and the vector state lie on a stack that is in use down to `top`.
  static func place(
    below top: UInt, vectorByteCount: Int, hasMagic: Bool
  ) -> (frame: UInt, vector: UInt) {
    let vector = (top &- UInt(vectorByteCount + (hasMagic ? 4 : 0))) & ~63
    // The handler sees the stack as after a call.
    let frame = ((vector &- UInt(byteCount)) & ~15) &- 8
    return (frame, vector)
  }

  /// The bytes of the frame, without the vector state, which lies at `vector`.
  func bytes(vector: UInt) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    bytes.put(UInt64(restorer), at: 0)
    let context = Self.contextOffset
    // UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS, and UC_FP_XSTATE.
    bytes.put(UInt64(vectorFeatures != 0 ? 7 : 6), at: context)
    bytes.put(UInt64(stack.start), at: context + 16)
    bytes.put(stack.flags, at: context + 24)
    bytes.put(UInt64(stack.byteCount), at: context + 32)
    let machine = Self.machineOffset
    for index in 0..<SavedRegisters.count {
      bytes.put(registers.words[index], at: machine + index * 8)
    }
    // The selectors that Linux programs have.
    bytes.put(UInt16(0x33), at: machine + 144)
    bytes.put(UInt16(0x2b), at: machine + 150)
    bytes.put(errorCode, at: machine + 152)
    bytes.put(trapNumber, at: machine + 160)
    bytes.put(mask.rawValue, at: machine + 168)
    bytes.put(faultAddress, at: machine + 176)
    bytes.put(UInt64(vector), at: machine + 184)
    bytes.put(mask.rawValue, at: Self.maskOffset)
    Self.put(information, into: &bytes, at: Self.informationOffset)
    return bytes
  }

  /// `siginfo_t`: number, error, code, then what the kind of signal has.
  static func put(_ information: SignalInformation, into bytes: inout [UInt8], at offset: Int) {
    bytes.put(information.signal.rawValue, at: offset)
    bytes.put(information.error, at: offset + 4)
    bytes.put(information.code, at: offset + 8)
    let isFault: Bool
    switch information.signal.rawValue {
    case 4, 5, 7, 8, 11: isFault = information.code > 0
    default: isFault = false
    }
    if isFault {
      bytes.put(UInt64(information.value), at: offset + 16)
    } else {
      bytes.put(information.first, at: offset + 16)
      bytes.put(information.second, at: offset + 20)
      bytes.put(UInt64(information.value), at: offset + 24)
    }
  }

  /// Adds Linux's magic words to an XSAVE area of `byteCount` bytes (`struct _fpx_sw_bytes`).
  /// `bytes` has four bytes more.
  static func putMagic(into bytes: inout [UInt8], byteCount: Int, features: UInt64) {
    bytes.put(UInt32(0x4650_5853), at: 464)
    bytes.put(UInt32(byteCount + 4), at: 468)
    bytes.put(features, at: 472)
    bytes.put(UInt32(byteCount), at: 480)
    bytes.put(UInt32(0x4650_5845), at: byteCount)
  }
}
