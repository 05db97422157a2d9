// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// `prctl(2)`.
enum ProcessControl {
  static let flags: StaticString = """
    PR_SET_NAME PR_GET_NAME PR_SET_DUMPABLE PR_GET_DUMPABLE PR_SET_PDEATHSIG PR_GET_PDEATHSIG \
    PR_CAPBSET_READ PR_SET_NO_NEW_PRIVS PR_GET_NO_NEW_PRIVS PR_SET_THP_DISABLE PR_GET_THP_DISABLE \
    PR_SET_TIMERSLACK PR_GET_TIMERSLACK PR_SET_KEEPCAPS PR_GET_KEEPCAPS PR_GET_SECCOMP PR_SET_VMA
    """

  /// `int prctl(int option, ...)`
  static func control(_ call: SystemCall) throws(Errno) -> Int {
    let process = call.process
    switch call.int32(0) {
    case 1: return 0  // PR_SET_PDEATHSIG: the parent is outside
    case 2:  // PR_GET_PDEATHSIG
      try ProgramBytes.store(UInt32(0), at: call.address(1))
      return 0
    case 3: return process.isDumpable ? 1 : 0
    case 4:
      guard call.argument(1) <= 1 else { throw .invalidArgument }
      process.isDumpable = call.argument(1) == 1
      return 0
    case 7: return 0  // PR_GET_KEEPCAPS
    case 8: return 0  // PR_SET_KEEPCAPS
    case 15: return try setName(call)
    case 16: return try getName(call)
    case 21: return 0  // PR_GET_SECCOMP: none
    case 23:  // PR_CAPBSET_READ
      guard call.argument(1) <= 40 else { throw .invalidArgument }
      return 1
    case 29:
      let slack = call.argument(1)
      call.thread.timerSlack = slack == 0 ? 50_000 : UInt64(slack)
      return 0
    case 30: return Int(call.thread.timerSlack)
    case 38:
      guard call.argument(1) == 1 else { throw .invalidArgument }
      process.hasNoNewPrivileges = true
      return 0
    case 39: return process.hasNoNewPrivileges ? 1 : 0
    case 41:
      process.disablesHugePages = call.argument(1) != 0
      return 0
    case 42: return process.disablesHugePages ? 1 : 0
    case 0x5356_4d41: return 0  // PR_SET_VMA: names of anonymous memory, for tools
    default: throw .invalidArgument
    }
  }

  private static func setName(_ call: SystemCall) throws(Errno) -> Int {
    var name: [UInt8] = []
    for offset in 0..<15 {
      let byte: UInt8 = try ProgramBytes.load(at: call.address(1) + offset)
      if byte == 0 { break }
      name.append(byte)
    }
    call.thread.name = name
    return 0
  }

  private static func getName(_ call: SystemCall) throws(Errno) -> Int {
    let name = call.thread.name.isEmpty ? call.process.commandName : call.thread.name
    var bytes = [UInt8](name.prefix(15))
    while bytes.count < 16 { bytes.append(0) }
    try ProgramBytes.copyOut(bytes, to: call.address(1))
    return 0
  }
}

/// `capget(2)` and `capset(2)`, version 3: two words of 32 bits for each of three sets.
enum Capabilities {
  private static let version3: UInt32 = 0x2008_0522

  /// `int capget(cap_user_header_t header, cap_user_data_t data)`
  static func get(_ call: SystemCall) throws(Errno) -> Int {
    let version: UInt32 = try ProgramBytes.load(at: call.address(0))
    guard version == version3 || version == 0x2007_1026 || version == 0x1998_0330 else {
      try ProgramBytes.store(version3, at: call.address(0))
      guard call.optionalAddress(1) != nil else { return 0 }
      throw .invalidArgument
    }
    guard let data = call.optionalAddress(1) else { return 0 }
    let low: UInt32 = call.process.credentials.isPrivileged ? .max : 0
    let high: UInt32 = call.process.credentials.isPrivileged ? 0x1ff : 0
    let words = version == 0x1998_0330 ? [low, low, 0] : [low, low, 0, high, high, 0]
    for (index, word) in words.enumerated() {
      try ProgramBytes.store(word, at: data + index * 4)
    }
    return 0
  }

  /// `int capset(cap_user_header_t header, const cap_user_data_t data)`
  static func set(_ call: SystemCall) throws(Errno) -> Int {
    let version: UInt32 = try ProgramBytes.load(at: call.address(0))
    guard version == version3 || version == 0x2007_1026 || version == 0x1998_0330 else {
      try ProgramBytes.store(version3, at: call.address(0))
      throw .invalidArgument
    }
    return 0
  }
}
