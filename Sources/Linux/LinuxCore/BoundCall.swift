// SPDX-License-Identifier: BSD-3-Clause

/// A family of system calls: what registers its calls with a table, or with what looks for one.
public protocol SystemCallFamily {
  static func register<S: SystemCallSink>(in sink: inout S)
}

/// Finds the one function of a family that serves a call, while the image is compiled: every other
/// registration is a comparison of two constants, which the compiler leaves out.
struct ChosenCall<let number: Int>: SystemCallSink {
  var handler: SystemCallHandler = SystemCallTable.refuseAbsent

  @inline(__always)
  mutating func add(
    _ candidate: SystemCallNumber, flags: StaticString, limits: StaticString,
    _ handler: @escaping SystemCallHandler
  ) {
    if candidate.rawValue == number { self.handler = handler }
  }
}

/// A system call whose function is known when the image is linked: a C program that is part of the
/// image reaches it by a jump, without `syscall` and without a table.
public enum BoundCall<let number: Int, Family: SystemCallFamily> {
  /// Serves the call for the thread that makes it, from its saved registers.
  @inline(__always)
  public static func serve() -> Int {
    var chosen = ChosenCall<number>()
    Family.register(in: &chosen)
    return LinuxThread.serveRunning(by: chosen.handler)
  }
}

/// Serves the calls that no family has.
@inline(__always)
public func serveAbsentCall() -> Int {
  LinuxThread.serveRunning(by: SystemCallTable.refuseAbsent)
}
