// SPDX-License-Identifier: BSD-3-Clause

// What differs between a C program that is linked in and an unmodified one (the folder
// LinuxProgram): its pages are the image's, its system calls are bound to their functions when the
// image is linked, and it may do without a root archive.

import Base
import Bytes
import CommandLine
import DeviceFS
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

// The linker script says what these are: `martlet_prepare_files` and `martlet_prepare_network` where
// the program reaches what they make ready, else a function that does nothing. So an image holds
// no file system and no network for a program that has no use for them.
@_extern(c, "martlet_want_files") private func wantFiles()
@_extern(c, "martlet_want_network") private func wantNetwork()

/// What the files of a program need, kept for `martlet_prepare_files`.
private struct FilesOffer {
  let process: Process
  let parameters: Parameters
  let console: ConsoleSet
}

private struct NetworkOffer {
  let parameters: Parameters
  let frames: FrameAllocator
  let namespace: Namespace
}

private let filesOffer = KernelGlobal<FilesOffer?>(nil)
private let networkOffer = KernelGlobal<NetworkOffer?>(nil)

/// Mounts what programs find in `/dev`, `/proc`, `/sys` and the volumes, if the linker has found that
/// the program opens files.
func furnish(_ process: Process, _ parameters: Parameters, console: ConsoleSet) {
  filesOffer.value = FilesOffer(process: process, parameters: parameters, console: console)
  wantFiles()
  guard filesOffer.value == nil || parameters.text.volumes.isEmpty else {
    Panic.refuse("volumes", "the program opens no files; leave its volumes out")
  }
}

/// Called where the linker script says so.
@c(martlet_prepare_files)
public func prepareOfferedFiles() {
  guard let offer = filesOffer.value else { return }
  filesOffer.value = nil
  mountSystems(offer.process, offer.parameters, console: offer.console)
}

/// Lets the network be made when the program first needs it, if the linker has found that it makes
/// sockets.
func offerNetwork(_ parameters: Parameters, frames: FrameAllocator, namespace: Namespace) {
  networkOffer.value = NetworkOffer(
    parameters: parameters, frames: frames, namespace: namespace)
  wantNetwork()
}

/// Called where the linker script says so.
@c(martlet_prepare_network)
public func prepareOfferedNetwork() {
  guard let offer = networkOffer.value else { return }
  networkOffer.value = nil
  prepareNetwork(offer.parameters, frames: offer.frames, namespace: offer.namespace)
}
