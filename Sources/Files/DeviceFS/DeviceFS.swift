// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// `/dev`.
public enum DeviceFS {
  /// The device of the file system itself.
  private static let deviceNumber: UInt64 = 6
  /// `TMPFS_MAGIC`: what devtmpfs tells.
  private static let magic: UInt64 = 0x0102_1994

  /// The root of a new `/dev`. Its nodes are made when they are looked up.
  ///
  /// - Parameter sharedMemory: makes the directory of a memory file system for `/dev/shm`, where
  ///   the C library keeps named semaphores and shared memory (`shm_overview(7)`); called at most
  ///   once. Nil makes it a link to `/run/shm`.
  public static func makeRoot(
    console: ConsoleSet, random: any RandomByteSource, sharedMemory: (() -> Node?)? = nil
  ) -> Node {
    let system = PseudoFileSystem(deviceNumber: deviceNumber, magic: magic)
    return FixedDirectory(system, permissionBits: 0o755) {
      memoryDevices(system, random) + streams(system, console) + [
        .init("fd") { PseudoLink(system, to: "/proc/self/fd") },
        .init("stdin") { PseudoLink(system, to: "/proc/self/fd/0") },
        .init("stdout") { PseudoLink(system, to: "/proc/self/fd/1") },
        .init("stderr") { PseudoLink(system, to: "/proc/self/fd/2") },
        .init("shm") { sharedMemory?() ?? PseudoLink(system, to: "/run/shm") },
      ]
    }
  }

  private static func memoryDevices(
    _ system: PseudoFileSystem, _ random: any RandomByteSource
  ) -> [FixedDirectory.Entry] {
    [
      .init("null") { MemoryDeviceNode(system, .null, random) },
      .init("zero") { MemoryDeviceNode(system, .zero, random) },
      .init("full") { MemoryDeviceNode(system, .full, random) },
      .init("random") { MemoryDeviceNode(system, .random, random) },
      .init("urandom") { MemoryDeviceNode(system, .urandom, random) },
    ]
  }

  private static func streams(
    _ system: PseudoFileSystem, _ console: ConsoleSet
  ) -> [FixedDirectory.Entry] {
    [
      .init("tty") { TerminalNode(system, console, .controlling) },
      .init("console") { TerminalNode(system, console, .console) },
    ]
  }
}
