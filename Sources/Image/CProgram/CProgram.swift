// SPDX-License-Identifier: BSD-3-Clause

// What differs between a C program that is linked in and an unmodified one (the folder
// LinuxProgram): its pages are the image's, its system calls are bound to their functions when the
// image is linked, and it may do without a root archive.

import Base
import Bytes
import CommandLine
import Frames
import LinuxCore
import LinuxLoader
import LinuxSignals
import LinuxThreads
import Log
import Machine
import RootFS
import VFS

/// What the families need besides their calls, which the program reaches by itself.
func prepareSystemCalls(of process: Process) {
  SignalCalls.prepare()
  ThreadCalls.prepare()
}

/// Maps the program that is part of the image.
func loadProgram(
  _ text: BootParameters, in process: Process
) throws(LoadError) -> Loader.Entry {
  let program = ProgramParts(
    text: part(LinkedProgram.text), constants: part(LinkedProgram.constants),
    data: part(LinkedProgram.data), zeroedEnd: LinkedProgram.zeroedEnd,
    entry: LinkedProgram.entry, headers: LinkedProgram.headers,
    headerCount: LinkedProgram.headerCount)
  return try Loader.load(
    program, name: text.program, arguments: text.arguments, environment: text.environment,
    in: process)
}

private func part(_ part: LinkedProgram.Part) -> ProgramParts.Part {
  ProgramParts.Part(range: part.range, firstFrame: part.firstFrame)
}

/// Without a root archive, files lie in memory, in the folders that every root has.
func makeEmptyRoot(_ frames: FrameAllocator) -> RootFileSystem {
  let system = RootFileSystem(frames: frames, deviceNumber: 0x801)
  do {
    let root = try system.root()
    try addFolder("dev", to: root)
    try addFolder("etc", to: root)
    try addFolder("proc", to: root)
    try addFolder("sys", to: root)
    try addFolder("tmp", to: root, permissionBits: 0o1777)
  } catch { tooLittleMemory() }
  return system
}

private func addFolder(
  _ name: StaticString, to root: Node, permissionBits: UInt32 = 0o755
) throws(SystemError) {
  _ = try root.make(name.bytes, .directory, permissionBits: permissionBits, device: 0)
}
