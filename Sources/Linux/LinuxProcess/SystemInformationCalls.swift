// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import LinuxCore
import Memory

/// What the system tells of itself.
enum SystemInformationCalls {
  static func register<S: SystemCallSink>(in sink: inout S) {
    sink.add(.uname, uname)
    sink.add(.sysinfo, sysinfo)
    sink.add(.sethostname, setHostName)
    sink.add(.setdomainname, limits: "accepted without effect") { (call) throws(Errno) in 0 }
  }

  /// `int uname(struct utsname *buf)`: six fields of 65 bytes.
  static func uname(_ call: SystemCall) throws(Errno) -> Int {
    var bytes = [UInt8](repeating: 0, count: 390)
    func put(_ text: [UInt8], _ field: Int) {
      for index in 0..<min(text.count, 64) { bytes[field * 65 + index] = text[index] }
    }
    put(StaticString("Linux").byteArray, 0)
    put(call.process.hostName, 1)
    // Programs compare the release; it is that of Debian 12's kernel.
    put(StaticString("6.1.0-martlet").byteArray, 2)
    put(StaticString("#1 Martlet").byteArray, 3)
    put(StaticString("x86_64").byteArray, 4)
    put(StaticString("(none)").byteArray, 5)
    try ProgramBytes.copyOut(bytes, to: call.address(0))
    return 0
  }

  /// `int sysinfo(struct sysinfo *info)`
  static func sysinfo(_ call: SystemCall) throws(Errno) -> Int {
    var bytes = [UInt8](repeating: 0, count: 112)
    bytes.put(Clock.now().nanoseconds / 1_000_000_000, at: 0)
    bytes.put(UInt64(call.process.space.totalByteCount), at: 32)
    bytes.put(UInt64(call.process.space.freeByteCount), at: 40)
    bytes.put(UInt16(truncatingIfNeeded: call.process.threads.count), at: 80)
    // mem_unit
    bytes.put(UInt32(1), at: 104)
    try ProgramBytes.copyOut(bytes, to: call.address(0))
    return 0
  }

  /// `int sethostname(const char *name, size_t len)`
  static func setHostName(_ call: SystemCall) throws(Errno) -> Int {
    guard call.process.credentials.isPrivileged else { throw .notPermitted }
    guard call.argument(1) <= 64 else { throw .invalidArgument }
    call.process.hostName = try ProgramBytes.copyIn(call.address(0), count: Int(call.argument(1)))
    return 0
  }
}
