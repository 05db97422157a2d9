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

  public var signalActions = SignalActions()
  public var pendingSignals = PendingSignals()

  /// The program's file, and what `/proc/self` tells of it.
  public var executablePath: [UInt8] = []
  public var executable: Node?
  public var argumentsRange = AddressRange(start: VirtualAddress(0), byteCount: 0)
  public var environmentRange = AddressRange(start: VirtualAddress(0), byteCount: 0)
  public var auxiliaryVector: [UInt8] = []
  public var commandName: [UInt8] = []

  public var limits = ResourceLimits()
  /// Set once, when the process ends: its status as the shell sees it, 0...255.
  public internal(set) var exitStatus: Int32?
  public let startedAt: Instant

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
}
