// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import CommandLine
import EROFS
import Frames
import Log
import Machine
import Memory
import RootFS
import VFS

/// The tree of files that the program sees.
enum Files {
  static func makeNamespace(
    archive: MemoryRange?, frames: FrameAllocator, console: Console, parameters: Parameters
  ) -> Namespace {
    let system = makeRoot(archive, frames)
    guard let root = try? system.root() else {
      Panic.refuse("root", "the root archive has no readable root directory")
    }
    return Namespace(root: root)
  }

  /// The directory of a memory file system of its own, for `/dev/shm`.
  static func makeSharedMemory(in space: AddressSpace) -> Node? {
    let root = try? RootFileSystem(frames: space.frames, deviceNumber: 0x17).root()
    root?.permissionBits = 0o1777
    return root
  }

  private static func makeRoot(
    _ archive: MemoryRange?, _ frames: FrameAllocator
  ) -> RootFileSystem {
    guard let archive else { return makeEmptyRoot(frames) }
    guard archive.start.rawValue & 4095 == 0 else {
      Panic.refuse("root", "the root archive does not begin at a page")
    }
    do {
      return try RootFileSystem(
        archive: FrameMemory.permanentBytes(of: archive.start, byteCount: Int(archive.byteCount)),
        firstFrame: FrameNumber(containing: archive.start), frames: frames, deviceNumber: 0x801)
    } catch {
      switch error {
      case .truncated: Panic.refuse("root", "the root archive is cut short")
      case .notErofs: Panic.refuse("root", "the root archive is not an EROFS image")
      case .unsupportedBlockSize, .unsupportedFeature:
        Panic.refuse("root", "the root archive has a block size or feature that is not supported")
      default: Panic.refuse("root", "the root archive is broken")
      }
    }
  }
}
