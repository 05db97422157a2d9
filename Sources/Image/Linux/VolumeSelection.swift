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

  /// Mounts the volumes that the host asks for, and has mappings of their files written back.
  func mountVolumes(_ parameters: BootParameters, in process: Process) {
    let volumes = Volumes(
      bufferByteCount: Settings.virtio9pBufferKiB * 1024, bufferCount: Settings.virtio9pBuffers,
      nodeLimit: Settings.ninepNodes)
    let systems = volumes.mount(parameters, in: process.namespace, process.space.frames)
    guard !systems.isEmpty else { return }
    let writer = VolumeWriter()
    for system in systems {
      FileSystems.add(system)
      writer?.add(system)
    }
    if let writer { Scheduler.add(writer) }
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
