// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import VFS

/// What `/proc` and `/sys` tell, and what can be changed through them.
///
/// Everything is asked for when a file is read; nothing is kept. Who implements it may build the
/// values anew each time.
public protocol SystemInformation: AnyObject {
  // MARK: The process

  var process: ProcessInformation { get }
  var addressSpace: AddressSpace { get }
  /// The threads that have not ended, the first one first.
  var threads: [ThreadInformation] { get }
  /// The thread that asks.
  var currentThread: Int32 { get }
  /// Whether the thread has not ended.
  func hasThread(_ identifier: Int32) -> Bool
  /// Names a thread (`PR_SET_NAME`); at most 15 bytes.
  func setName(_ name: [UInt8], ofThread identifier: Int32)

  var executable: Node? { get }
  var executablePath: [UInt8] { get }
  var rootDirectory: Node { get }
  var workingDirectory: Node { get }

  /// The arguments, each with its zero byte.
  var commandLine: [UInt8] { get }
  /// The environment as the program got it, each with its zero byte.
  var environment: [UInt8] { get }
  /// The auxiliary vector: pairs of 64-bit words.
  var auxiliaryVector: [UInt8] { get }

  func openFile(at descriptor: Int32) -> OpenFile?
  /// The lowest descriptor in use that is not below `minimum`.
  func nextDescriptor(from minimum: Int32) -> Int32?
  func closesOnExec(_ descriptor: Int32) -> Bool
  /// `RLIMIT_*`; `UInt64.max` is unlimited.
  func limit(_ resource: Int) -> (soft: UInt64, hard: UInt64)

  // MARK: The system

  var machine: MachineInformation { get }
  /// The kernel's own command line.
  var kernelCommandLine: [UInt8] { get }
  var mounts: [MountInformation] { get }
  var hostName: [UInt8] { get set }
  /// Time that no thread has used since the boot.
  var idleTime: Nanoseconds { get }
  /// Thread switches and interrupts since the boot.
  var switchCount: UInt64 { get }
  var interruptCount: UInt64 { get }
  /// A random word, for `/proc/sys/kernel/random/uuid`.
  func randomWord() -> UInt64
}

extension SystemInformation {
  public var switchCount: UInt64 { 0 }
  public var interruptCount: UInt64 { 0 }
}
