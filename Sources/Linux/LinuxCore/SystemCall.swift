// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Memory
import VFS

/// One system call being served: who calls and with which arguments.
///
/// The accessors turn a raw argument into the checked type that its place in the specification
/// has. Positions count from zero.
public struct SystemCall {
  /// The calling thread.
  public let thread: LinuxThread

  @inline(__always)
  public init(thread: LinuxThread) {
    self.thread = thread
  }

  public var process: Process {
    @inline(__always) get { thread.process }
  }

  /// The raw argument.
  @inline(__always)
  public func argument(_ position: Int) -> UInt {
    thread.registers.argument(position)
  }

  /// An `int`.
  @inline(__always)
  public func int32(_ position: Int) -> Int32 {
    Int32(truncatingIfNeeded: argument(position))
  }

  /// An `unsigned int`.
  @inline(__always)
  public func uint32(_ position: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: argument(position))
  }

  /// A `long`, `off_t` or `ssize_t`.
  @inline(__always)
  public func int64(_ position: Int) -> Int64 {
    Int64(Int(bitPattern: argument(position)))
  }

  /// A `size_t`, at most the largest that Linux transfers at once (`MAX_RW_COUNT`).
  @inline(__always)
  public func count(_ position: Int) -> Int {
    Int(min(argument(position), 0x7fff_f000))
  }

  /// An address in the program's memory; alleged, not checked.
  @inline(__always)
  public func address(_ position: Int) -> VirtualAddress {
    VirtualAddress(argument(position))
  }

  /// A pointer that may be null.
  @inline(__always)
  public func optionalAddress(_ position: Int) -> VirtualAddress? {
    let value = argument(position)
    return value == 0 ? nil : VirtualAddress(value)
  }

  /// A `void *` and the `size_t` that goes with it.
  @inline(__always)
  public func buffer(_ position: Int, count countPosition: Int) -> UserBuffer {
    UserBuffer(start: address(position), count: count(countPosition))
  }

  /// The open file of an `int fd`. Throws `badDescriptor`.
  @inline(__always)
  public func file(_ position: Int) throws(Errno) -> OpenFile {
    try process.descriptors.file(at: int32(position))
  }
}
