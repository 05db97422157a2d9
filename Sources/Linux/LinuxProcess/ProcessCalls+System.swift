// SPDX-License-Identifier: BSD-3-Clause

import Base
import Frames
import Bytes
import Clock
import LinuxCore
import Memory
import Random

/// What the system is, and random bytes.
extension ProcessCalls {
  static func registerSystem<S: SystemCallSink>(in sink: inout S) {
    sink.add(.uname, uname)
    sink.add(.sysinfo, systemInformation)
    sink.add(.sethostname, setHostName)
    sink.add(.setdomainname, limits: "accepted, not told again") { (_) throws(Errno) in 0 }
    sink.add(.getrandom, flags: "GRND_NONBLOCK GRND_RANDOM GRND_INSECURE", getRandom)
    sink.add(.syslog, limits: "EPERM") { (_) throws(Errno) in throw .notPermitted }
    sink.add(.reboot, limits: "EPERM") { (_) throws(Errno) in throw .notPermitted }
    sink.add(.ioprioGet, limits: "best effort, level 4") { (_) throws(Errno) in 2 << 13 | 4 }
    sink.add(.ioprioSet, limits: "accepted, without effect") { (_) throws(Errno) in 0 }
  }

  /// The six texts of `struct utsname`: 65 bytes each.
  static func systemName(hostName: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 6 * 65)
    let texts: [[UInt8]] = [
      StaticString("Linux").byteArray, hostName, StaticString("6.1.0-martlet").byteArray,
      StaticString("#1 SMP Martlet").byteArray, StaticString("x86_64").byteArray,
      StaticString("(none)").byteArray,
    ]
    for (index, text) in texts.enumerated() {
      for (offset, byte) in text.prefix(64).enumerated() { bytes[index * 65 + offset] = byte }
    }
    return bytes
  }

  /// `int uname(struct utsname *buf)`
  static func uname(_ call: SystemCall) throws(Errno) -> Int {
    try ProgramBytes.copyOut(
      systemName(hostName: call.process.hostName), to: call.address(0))
    return 0
  }

  /// `int sysinfo(struct sysinfo *info)`
  static func systemInformation(_ call: SystemCall) throws(Errno) -> Int {
    var bytes = [UInt8](repeating: 0, count: 112)
    let frames = call.process.space.frames
    bytes.put(Clock.now().nanoseconds / 1_000_000_000, at: 0)
    bytes.put(UInt64(frames.totalCount) * UInt64(pageSize), at: 32)
    bytes.put(UInt64(frames.freeCount) * UInt64(pageSize), at: 40)
    bytes.put(UInt16(truncatingIfNeeded: call.process.threads.count), at: 80)
    bytes.put(UInt32(1), at: 104)  // mem_unit: one byte
    try ProgramBytes.copyOut(bytes, to: call.address(0))
    return 0
  }

  /// `int sethostname(const char *name, size_t length)`
  static func setHostName(_ call: SystemCall) throws(Errno) -> Int {
    guard call.argument(1) <= 64 else { throw .invalidArgument }
    call.process.hostName = try ProgramBytes.copyIn(
      call.address(0), count: Int(call.argument(1)))
    return 0
  }

  /// `ssize_t getrandom(void *buf, size_t length, unsigned int flags)`
  static func getRandom(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(2)
    guard flags & ~7 == 0, flags & 6 != 6 else { throw .invalidArgument }
    guard RandomSource.isSeeded || flags & 4 != 0 else { throw .wouldBlock }
    let buffer = call.buffer(0, count: 1)
    var words = InlineArray<32, UInt64>(repeating: 0)
    var done = 0
    while done < buffer.count {
      let count = min(256, buffer.count - done)
      var span = words.mutableSpan
      var bytes = MutableRawSpan(_elements: &span)
      RandomSource.fill(&bytes)
      do {
        try buffer.copyOut(bytes.bytes.extracting(0..<count), at: done)
      } catch { throw Errno(error) }
      done += count
    }
    return done
  }
}
