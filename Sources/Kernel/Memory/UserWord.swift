// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine

/// One word of the program's memory, accessed as a whole.
public enum UserWord {
  /// Throws `badAddress`.
  @inline(__always)
  public static func load32(at address: VirtualAddress) throws(SystemError) -> UInt32 {
    var value: UInt32 = 0
    while let fault = ProgramMemory.load32(at: address, into: &value) {
      try UserBuffer.resolve(fault, .read)
    }
    return value
  }

  @inline(__always)
  public static func load64(at address: VirtualAddress) throws(SystemError) -> UInt64 {
    var value: UInt64 = 0
    while let fault = ProgramMemory.load64(at: address, into: &value) {
      try UserBuffer.resolve(fault, .read)
    }
    return value
  }

  public static func store32(_ value: UInt32, at address: VirtualAddress) throws(SystemError) {
    while let fault = ProgramMemory.store32(value, at: address) {
      try UserBuffer.resolve(fault, .write)
    }
  }

  public static func store64(_ value: UInt64, at address: VirtualAddress) throws(SystemError) {
    while let fault = ProgramMemory.store64(value, at: address) {
      try UserBuffer.resolve(fault, .write)
    }
  }

  /// Stores `desired` if the word holds `expected`, and returns what it held.
  public static func compareExchange32(
    at address: VirtualAddress, expected: UInt32, desired: UInt32
  ) throws(SystemError) -> UInt32 {
    var original: UInt32 = 0
    while let fault = ProgramMemory.compareExchange32(
      at: address, expected: expected, desired: desired, original: &original)
    {
      try UserBuffer.resolve(fault, .write)
    }
    return original
  }
}
