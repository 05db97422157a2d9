// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Memory
import Scheduling
import VFS

/// The one program that this image runs: what its threads share.
public final class Process {
  /// The program's process; there is one.
  public static let running = KernelGlobal<Process?>(nil)

  public let identifier: Int32 = 1
  public let parentIdentifier: Int32 = 0
  public let space: AddressSpace
  public var descriptors = DescriptorTable()
  /// The tree of files, with root and working directory.
  public let namespace: Namespace
  /// The bits that new files do not get (`umask(2)`).
  public var fileModeMask: UInt32 = 0o022
  /// Every thread that has not ended, the first one first.
  public var threads: [LinuxThread] = []
  public var nextThreadIdentifier: Int32 = 2

  /// The system calls that the image serves.
  public var calls = SystemCallTable()

  public var signalActions = SignalActions()
  public var pendingSignals = PendingSignals()

  /// The program's file, and what `/proc/self` tells of it.
  public var executablePath: [UInt8] = []
  public var executable: Node?
  public var argumentsRange = AddressRange(start: VirtualAddress(0), byteCount: 0)
  public var environmentRange = AddressRange(start: VirtualAddress(0), byteCount: 0)
  public var auxiliaryVector: [UInt8] = []
  public var startOfStack = VirtualAddress(0)
  public var commandName: [UInt8] = []

  public var limits = ResourceLimits()
  /// User and group identity; a program is root until it gives that up.
  public var credentials = Credentials()
  /// `uname(2)`'s node name.
  public var hostName: [UInt8] = StaticString("martlet").byteArray
  /// Told to the program as `AT_SYSINFO_EHDR`; 0 when there is none.
  public var sharedObjectAddress: UInt = 0
  /// Whether pages that are writable and executable are given (a setting of the image, for JITs).
  public var allowsWriteAndExecute = false
  /// Whether such pages were asked for and refused: a likely reason if the program fails.
  public var wasRefusedWriteAndExecute = false
  /// The size of each thread's kernel stack, in pages (a setting of the image).
  public var kernelStackPages = 4
  /// `personality(2)`
  public var personality: UInt32 = 0
  /// `prctl(PR_SET_DUMPABLE)`, `PR_SET_NO_NEW_PRIVS`, `PR_SET_THP_DISABLE`
  public var isDumpable = true
  public var hasNoNewPrivileges = false
  public var disablesHugePages = false
  /// Processor time of threads that have ended.
  public var endedThreadsTime = Nanoseconds.zero
  /// Woken for each signal that arrives, blocked or not (`sigtimedwait`, `signalfd`).
  public let signalArrived = WaitQueue()
  /// Woken when the last thread has ended.
  public let ended = WaitQueue()
  /// Whether the last thread has ended; `exitStatus` is final then.
  public private(set) var hasEnded = false

  /// Set once, when the process ends: its status as the shell sees it, 0...255.
  public internal(set) var exitStatus: Int32?
  public let startedAt: Instant

  /// Processor time of all threads.
  public var processorTime: Nanoseconds {
    var total = endedThreadsTime.count
    for thread in threads { total &+= thread.processorTime.count }
    return Nanoseconds(total)
  }

  public init(space: AddressSpace, namespace: Namespace) {
    self.space = space
    self.namespace = namespace
    startedAt = Clock.now()
  }

  /// Ends the process: every thread ends at its next return to program code or interruptible
  /// wait. `status` is what the shell sees.
  public func exit(status: Int32) {
    if exitStatus == nil { exitStatus = status & 0xff }
    for thread in threads {
      thread.isExiting = true
      thread.noteAttention()
      Scheduler.interrupt(thread)
    }
  }

  /// Takes an ended thread out. The last one ends the process, with status 0 if none was set.
  func threadDidEnd(_ thread: LinuxThread) {
    LinuxThread.endObserver.value?.threadWillEnd(thread)
    endedThreadsTime = Nanoseconds(endedThreadsTime.count &+ thread.processorTime.count)
    threads.removeAll { $0 === thread }
    thread.restart = nil
    guard threads.isEmpty else { return }
    if exitStatus == nil { exitStatus = 0 }
    hasEnded = true
    // What the program has open is closed now, so that sockets and pipes see the end.
    descriptors = DescriptorTable()
    ended.wakeAll()
  }

  /// The thread with this identifier, or nil.
  public func thread(_ identifier: Int32) -> LinuxThread? {
    for thread in threads where thread.identifier == identifier { return thread }
    return nil
  }
}
