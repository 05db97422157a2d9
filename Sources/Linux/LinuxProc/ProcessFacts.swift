// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import LinuxCore
import Machine
import Memory
import ProcFS
import Random
import Scheduling
import VFS

/// Answers what `/proc` and `/sys` ask of the program and the machine.
public final class ProcessFacts: SystemInformation {
  private let running: Process
  public let kernelCommandLine: [UInt8]
  /// Read at the first question: few programs ask, and CPUID is slow under a hypervisor.
  public private(set) lazy var machine = MachineFacts.read()

  public init(_ process: Process, kernelCommandLine: [UInt8]) {
    running = process
    self.kernelCommandLine = kernelCommandLine
  }

  // MARK: The process

  public var process: ProcessInformation {
    var information = ProcessInformation(identifier: running.identifier)
    information.startedAt = running.startedAt
    information.processorTime = running.processorTime
    information.users = Self.words(running.credentials.user)
    information.groups = Self.words(running.credentials.group)
    information.supplementaryGroups = running.credentials.supplementaryGroups
    information.capabilities = running.credentials.isPrivileged ? 0x1ff_ffff_ffff : 0
    information.fileModeMask = running.fileModeMask
    information.pendingSignals = running.pendingSignals.set.rawValue
    (information.ignoredSignals, information.caughtSignals) = signalSets
    information.hasNoNewPrivileges = running.hasNoNewPrivileges
    information.personality = running.personality
    information.arguments = running.argumentsRange
    information.environment = running.environmentRange
    information.startOfStack = running.argumentsRange.start
    return information
  }

  private static func words(_ identity: Credentials.Identity) -> [UInt32] {
    [identity.real, identity.effective, identity.saved, identity.fileSystem]
  }

  private var signalSets: (ignored: UInt64, caught: UInt64) {
    var ignored: UInt64 = 0
    var caught: UInt64 = 0
    for number in 1...Signal.limit {
      let signal = Signal(rawValue: number)
      switch running.signalActions[signal].handler {
      case 0: break
      case 1: ignored |= SignalSet(signal).rawValue
      default: caught |= SignalSet(signal).rawValue
      }
    }
    return (ignored, caught)
  }

  public var addressSpace: AddressSpace { running.space }

  public var threads: [ThreadInformation] {
    running.threads.map { thread in
      var information = ThreadInformation(identifier: thread.identifier)
      information.name = thread.name.isEmpty ? running.commandName : thread.name
      information.state = thread.state == .blocked ? .sleeping : .running
      information.startedAt = running.startedAt
      information.processorTime = thread.processorTime
      information.pendingSignals = thread.pendingSignals.set.rawValue
      information.blockedSignals = thread.signalMask.rawValue
      information.niceness = thread.niceness
      information.schedulingPolicy = thread.schedulingPolicy
      information.schedulingPriority = thread.schedulingPriority
      return information
    }
  }

  public var currentThread: Int32 {
    (Scheduler.current as? LinuxThread)?.identifier ?? running.identifier
  }

  public func hasThread(_ identifier: Int32) -> Bool { running.thread(identifier) != nil }

  public func setName(_ name: [UInt8], ofThread identifier: Int32) {
    running.thread(identifier)?.name = [UInt8](name.prefix(15))
  }

  public var executable: Node? { running.executable }
  public var executablePath: [UInt8] {
    running.executable.map { running.namespace.path(of: $0) } ?? running.executablePath
  }
  public var rootDirectory: Node { running.namespace.root }
  public var workingDirectory: Node { running.namespace.workingDirectory }

  public var commandLine: [UInt8] { Self.copy(running.argumentsRange) }
  public var environment: [UInt8] { Self.copy(running.environmentRange) }
  public var auxiliaryVector: [UInt8] { running.auxiliaryVector }

  /// What the program's memory holds there now; a program may have changed it.
  private static func copy(_ range: AddressRange) -> [UInt8] {
    (try? ProgramBytes.copyIn(range.start, count: range.byteCount)) ?? []
  }

  public func openFile(at descriptor: Int32) -> OpenFile? {
    try? running.descriptors.file(at: descriptor)
  }

  public func nextDescriptor(from minimum: Int32) -> Int32? {
    var found: Int32?
    running.descriptors.forEach { number, _ in
      if found == nil && number >= minimum { found = number }
    }
    return found
  }

  public func closesOnExec(_ descriptor: Int32) -> Bool {
    (try? running.descriptors.closesOnExec(descriptor)) ?? false
  }

  public func limit(_ resource: Int) -> (soft: UInt64, hard: UInt64) { running.limits[resource] }

  // MARK: The system

  public var mounts: [MountInformation] {
    var mounts = [
      MountInformation(
        identifier: 1, parentIdentifier: 0, deviceNumber: 0x801,
        path: [UInt8(ascii: "/")], type: "tmpfs", source: StaticString("root").byteArray),
      MountInformation(
        identifier: 2, parentIdentifier: 1, deviceNumber: 6,
        path: StaticString("/dev").byteArray, type: "devtmpfs",
        source: StaticString("dev").byteArray),
      MountInformation(
        identifier: 3, parentIdentifier: 1, deviceNumber: 0x15,
        path: StaticString("/proc").byteArray, type: "proc", source: StaticString("proc").byteArray),
      MountInformation(
        identifier: 4, parentIdentifier: 1, deviceNumber: 0x16,
        path: StaticString("/sys").byteArray, type: "sysfs", source: StaticString("sysfs").byteArray
      ),
    ]
    for volume in running.namespace.volumes {
      mounts.append(
        MountInformation(
          identifier: mounts.count + 1, parentIdentifier: 1,
          deviceNumber: volume.root.deviceNumber, path: volume.path, type: "9p",
          source: volume.source, isReadOnly: volume.root.isReadOnly))
    }
    return mounts
  }

  public var hostName: [UInt8] {
    get { running.hostName }
    set { running.hostName = newValue }
  }

  public var idleTime: Nanoseconds {
    let uptime = Int64(bitPattern: Clock.now().nanoseconds)
    return Nanoseconds(max(0, uptime - running.processorTime.count))
  }

  public func randomWord() -> UInt64 { RandomSource.next() }
}
