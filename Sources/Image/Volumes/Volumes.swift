// SPDX-License-Identifier: BSD-3-Clause

import Log

#if NINEP
  import Base
  import Bytes
  import CommandLine
  import Frames
  import Machine
  import NineP
  import Scheduling
  import VFS
  import Virtio
  import Virtio9P

  /// Folders of the host in the tree of files.
  struct Volumes {
    /// The size of a buffer for contents.
    let bufferByteCount: Int
    let bufferCount: Int
    /// How many files that nobody uses stay known.
    let nodeLimit: Int

    /// Mounts the volumes that the host asks for. One that cannot be mounted stops the boot: the
    /// program must not run without its data.
    func mount(
      _ parameters: BootParameters, in namespace: Namespace, _ frames: FrameAllocator
    ) -> [NinePFileSystem] {
      guard !parameters.volumes.isEmpty else { return [] }
      var drivers: [Virtio9P] = []
      forEachVirtioDevice(Virtio9P.deviceKind, parameters) { transport in
        if let driver = start(transport) { drivers.append(driver) }
        return true
      }
      var systems: [NinePFileSystem] = []
      for volume in parameters.volumes {
        guard let driver = drivers.first(where: { $0.mountTag == volume.tag }) else {
          refuseVolume(volume.path, "the machine has no 9P device for it")
        }
        let number = UInt64(0x30 + systems.count)
        let system = open(volume, driver, number, parameters, frames)
        Self.mount(system, volume, in: namespace)
        systems.append(system)
      }
      return systems
    }

    private func start(_ transport: any VirtioTransport) -> Virtio9P? {
      let interrupts = transport.connectInterrupts()
      guard
        let driver = try? Virtio9P(
          transport, bufferByteCount: bufferByteCount, bufferCount: bufferCount)
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

    private func open(
      _ volume: VolumeRequest, _ driver: Virtio9P, _ number: UInt64, _ parameters: BootParameters,
      _ frames: FrameAllocator
    ) -> NinePFileSystem {
      do {
        return try NinePFileSystem(
          driver, frames: frames, deviceNumber: number, isReadOnly: volume.isReadOnly,
          ownership: NinePFileSystem.Ownership(
            user: parameters.hostUser, group: parameters.hostGroup), nodeLimit: nodeLimit)
      } catch {
        refuseVolume(volume.path, "its server does not speak 9P2000.L, or shows no folder")
      }
    }

    private static func mount(
      _ system: NinePFileSystem, _ volume: VolumeRequest, in namespace: Namespace
    ) {
      do {
        try namespace.mountVolume(system.root, at: volume.path, source: volume.tag)
      } catch {
        switch error {
        case .notDirectory: refuseVolume(volume.path, "there is a file of that name")
        case .readOnlyFileSystem: refuseVolume(volume.path, "it lies in a volume that is read-only")
        case .busy: refuseVolume(volume.path, "the root itself cannot be a volume")
        default: refuseVolume(volume.path, "its directory cannot be made")
        }
      }
    }

  }
#endif
/// Ends a start that would be without its data.
func refuseVolume(_ path: [UInt8], _ reason: StaticString) -> Never {
  let line = LogLine(.error, "volumes")
  line.append("cannot mount ")
  line.append(path)
  line.append(": ")
  line.append(reason)
  line.end()
  Panic.refuse("volumes", "a volume is missing")
}
