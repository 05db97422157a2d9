// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Log
import Machine
import NativeArchive
import NativeThreads
import RootFS
#if NATIVE_VOLUMES
  import NativeVolumes
#endif
import VFS

/// The files of native applications as a tree that can be written to: the archive under a layer of
/// memory, and the volumes.
public enum NativeFiles {
  /// What reading has to look at before the archive; nil as long as the archive is all there is.
  ///
  /// Configuration decides: an image with volumes has the tree from the first look at a file on,
  /// another one only when something asks for `shared`, which an application that only reads does
  /// not.
  public static var readable: (any NativeTree)? {
    #if NATIVE_VOLUMES
      return shared
    #else
      return NativeArchive.tree.value
    #endif
  }

  /// The tree, started when it is first asked for.
  public static var shared: any NativeTree {
    if let tree = NativeArchive.tree.value { return tree }
    return start()
  }

  /// Its own object code: a copy in a caller's module would bring what it reaches into every image
  /// with data of that module.
  @export(interface)
  static func start() -> any NativeTree {
    NativeRuntime.startTime()
    guard let frames = FrameSupply.current.value as? FrameAllocator else {
      Panic.refuse("files", "too little memory; give the machine more with --memory")
    }
    let namespace = Namespace(root: makeRoot(frames))
    #if NATIVE_VOLUMES
      NativeVolumes.mount(in: namespace, frames)
    #endif
    let tree = FileTree(namespace)
    NativeArchive.tree.value = tree
    return tree
  }

  private static func makeRoot(_ frames: FrameAllocator) -> Node {
    let system: RootFileSystem
    if let archive = NativeArchive.current {
      system = RootFileSystem(
        archive: archive.bytes, index: archive.index,
        firstFrame: FrameNumber(containing: archive.start), frames: frames, deviceNumber: 0x801)
    } else {
      system = RootFileSystem(frames: frames, deviceNumber: 0x801)
    }
    guard let root = try? system.root() else {
      Panic.refuse("root", "the root archive has no readable root directory")
    }
    return root
  }
}
