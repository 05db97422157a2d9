// SPDX-License-Identifier: BSD-3-Clause

#if NATIVE_VOLUMES
  import CommandLine
  import Frames
  import NativeDevices
  import NativeThreads
  import VFS
  import Virtio

  /// The volumes of a native image.
  public enum NativeVolumes {
    /// Mounts them. A file of a volume is waited for, so that this starts threads.
    public static func mount(in namespace: Namespace, _ frames: FrameAllocator) {
      NativeRuntime.startThreads()
      // A native machine is small: less than a Linux image takes.
      let volumes = Volumes(bufferByteCount: 64 << 10, bufferCount: 2, nodeLimit: 256)
      _ = volumes.mount(NativeRuntime.parameters.text, in: namespace, frames)
    }
  }

  /// How `Volumes` finds devices.
  func forEachVirtioDevice(
    _ kind: UInt32, _ parameters: BootParameters, _ body: (any VirtioTransport) -> Bool
  ) {
    NativeDevices.forEachVirtio(kind, body)
  }
#endif
