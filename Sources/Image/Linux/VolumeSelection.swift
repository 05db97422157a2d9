// SPDX-License-Identifier: BSD-3-Clause

// Folders of the host, where configuration chose them.

import Base
import Bytes
import Clock
import CommandLine
import LinuxCore
import Log
import Machine
import VFS

#if NINEP
  import Memory
  import NineP
  import Scheduling
  import Settings
  import Virtio
  import Virtio9P

  /// Mounts the volumes that the host asks for. One that cannot be mounted stops the boot: the
  /// program must not run without its data.
  func mountVolumes(_ parameters: BootParameters, in process: Process) {
    guard !parameters.volumes.isEmpty else { return }
    var drivers: [Virtio9P] = []
    forEachVirtioDevice(Virtio9P.deviceKind, parameters) { transport in
      if let driver = startVolumeDriver(transport) { drivers.append(driver) }
      return true
    }
    var number: UInt64 = 0x30
    let writer = VolumeWriter()
    for volume in parameters.volumes {
      guard let driver = drivers.first(where: { $0.mountTag == volume.tag }) else {
        refuseVolume(volume.path, "the machine has no 9P device for it")
      }
      writer?.add(mountVolume(volume, driver, number, parameters, in: process))
      number += 1
    }
    if let writer { Scheduler.add(writer) }
  }

  private func startVolumeDriver(_ transport: any VirtioTransport) -> Virtio9P? {
    let interrupts = transport.connectInterrupts()
    guard
      let driver = try? Virtio9P(
        transport, bufferByteCount: Settings.virtio9pBufferKiB * 1024,
        bufferCount: Settings.virtio9pBuffers)
    else {
      Log.write(.error, "volumes", "a 9P device does not work")
      return nil
    }
    if let interrupts {
      Scheduler.handle(interrupts.queues, by: driver)
      if let line = interrupts.configuration { Scheduler.handle(line, by: driver) }
    }
    // An edge that came before the line was routed is lost.
    driver.processInterrupt()
    return driver
  }

  private func mountVolume(
    _ volume: VolumeRequest, _ driver: Virtio9P, _ number: UInt64, _ parameters: BootParameters,
    in process: Process
  ) -> NinePFileSystem {
    let system: NinePFileSystem
    do {
      system = try NinePFileSystem(
        driver, frames: process.space.frames, deviceNumber: number, isReadOnly: volume.isReadOnly,
        ownership: NinePFileSystem.Ownership(
          user: parameters.hostUser, group: parameters.hostGroup), nodeLimit: Settings.ninepNodes)
    } catch {
      refuseVolume(volume.path, "its server does not speak 9P2000.L, or shows no folder")
    }
    do {
      try process.namespace.mountVolume(system.root, at: volume.path, source: volume.tag)
    } catch {
      switch error {
      case .notDirectory: refuseVolume(volume.path, "there is a file of that name")
      case .readOnlyFileSystem: refuseVolume(volume.path, "it lies in a volume that is read-only")
      case .busy: refuseVolume(volume.path, "the root itself cannot be a volume")
      default: refuseVolume(volume.path, "its directory cannot be made")
      }
    }
    FileSystems.add(system)
    return system
  }

  /// Sends the host, after a few seconds, what mappings have written: a program that never asks for
  /// it (`msync`) loses no more than that when the machine is killed.
  private final class VolumeWriter: Thread {
    private static let delay = Nanoseconds.milliseconds(5000)
    private let queue = WaitQueue()
    private var systems: [NinePFileSystem] = []

    /// Fails without memory for a stack: then only the other occasions write back.
    init?() {
      super.init(stackPages: Settings.kernelStackKiB / 4)
    }

    func add(_ system: NinePFileSystem) {
      guard !system.isReadOnly else { return }
      system.unwrittenQueue = queue
      systems.append(system)
    }

    override func run() {
      while true {
        while !systems.contains(where: { $0.hasUnwritten }) { _ = queue.wait(interruptible: false) }
        _ = Scheduler.sleep(until: Clock.now() + Self.delay, interruptible: false)
        for system in systems { try? system.synchronize() }
      }
    }
  }
#else
  /// This image has no volumes; a program that is given some must not run without them.
  func mountVolumes(_ parameters: BootParameters, in process: Process) {
    guard let volume = parameters.volumes.first else { return }
    refuseVolume(volume.path, "the image has no volumes: add 'config: [VIRTIO_9P=y, NINEP=y]'")
  }
#endif

private func refuseVolume(_ path: [UInt8], _ reason: StaticString) -> Never {
  let line = LogLine(.error, "volumes")
  line.append("cannot mount ")
  line.append(path)
  line.append(": ")
  line.append(reason)
  line.end()
  Panic.refuse("volumes", "a volume is missing")
}
