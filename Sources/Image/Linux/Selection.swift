// SPDX-License-Identifier: BSD-3-Clause

// Where configuration chooses implementations that only Linux images have; what native images
// choose too is in the folders `Memory`, `Threads` and `Network` beside this one. Each name is a
// Kconfig symbol.

import Base
import Bytes
import CommandLine
import Frames
import Heap
import Machine
import Scheduling
import Settings
import Virtio

#if HEAP_REPLAY
  import HeapReplay

  /// Plays the trace that stands in the root's place, instead of running a program, and returns
  /// the status.
  func replayTrace(_ archive: MemoryRange?, on frames: FrameAllocator) -> Int32? {
    guard let archive else {
      Panic.refuse("heap-replay", "there is no trace; start the machine with one (-initrd)")
    }
    let bytes = FrameMemory.permanentBytes(of: archive.start, byteCount: Int(archive.byteCount))
    return TraceReport.write(bytes, arena: FrameArena(frames)) { KernelHeap(first: $0) }
  }
#else
  /// This image runs its program.
  func replayTrace(_ archive: MemoryRange?, on frames: FrameAllocator) -> Int32? { nil }
#endif

#if VIRTIO_ENTROPY
  import Random
  import Scheduling
  import VirtioEntropy
#endif

/// Mixes the host's random bytes in, where configuration chose it and the machine has them.
func startEntropy(_ parameters: BootParameters) {
  #if VIRTIO_ENTROPY
    guard let transport = findVirtioDevice(VirtioEntropy.deviceKind, parameters) else { return }
    let interrupts = transport.connectInterrupts()
    guard let driver = try? VirtioEntropy(transport, receive: { RandomSource.mix($0) }) else {
      return
    }
    if let interrupts { Scheduler.handle(interrupts.queues, by: driver) }
    // An edge that came before the line was routed is lost.
    driver.processInterrupt()
  #endif
}

#if NETWORK_HOST
  import Frames
  import Internet
  import NetworkHost
  import Packets
  import Random
  #if LINUX_INTERNET
    import LinuxInternet
  #endif
  #if LINUX_NETLINK
    import LinuxNetlink
  #endif
#endif

/// Lets the network be made when the program first needs it, if configuration chose one.
func prepareNetwork(
  _ parameters: Parameters, frames: FrameAllocator, namespace: Namespace
) {
  #if NETWORK_HOST
    NetworkHost.maker.value = NetworkMaker(parameters.text, frames: frames)
    NetworkFiles.install(in: namespace)
    #if LINUX_INTERNET
      InternetFamily.register()
    #endif
    #if LINUX_NETLINK
      NetlinkFamily.register()
    #endif
  #endif
}

import DeviceFS
import LinuxCore
import Log
#if LINUX_PROC
  import LinuxProc
#endif
#if PROCFS
  import ProcFS
#endif
#if PIPES
  import Pipes
#endif
import Memory
import VFS

/// Opens descriptors 0, 1 and 2.
func openStandardFiles(_ process: Process, console: Console) -> ConsoleSet {
  let set = ConsoleSet(input: console.input, output: console.output, error: console.errors)
  let files = set.openStandardFiles()
  for file in [files.input, files.output, files.error] {
    _ = try? process.descriptors.add(file, closesOnExec: false)
  }
  return set
}

/// Mounts `/dev`, `/proc` and `/sys`, and the volumes.
func mountSystems(_ process: Process, _ parameters: Parameters, console set: ConsoleSet) {
  #if LINUX_PROC
    let facts = ProcessFacts(process, kernelCommandLine: parameters.kernelCommandLine)
    mount(ProcFS.makeRoot(facts), at: "/proc", in: process.namespace)
    mount(SysFS.makeRoot(facts), at: "/sys", in: process.namespace)
  #endif
  let space = process.space
  let devices = DeviceFS.makeRoot(console: set, random: KernelRandom()) {
    Files.makeSharedMemory(in: space)
  }
  mount(devices, at: "/dev", in: process.namespace)
  SpecialFiles.opener.value = SpecialOpener()
  mountVolumes(parameters.text, in: process)
}

private func mount(_ root: Node, at path: StaticString, in namespace: Namespace) {
  do { try namespace.mount(root, at: path.bytes) } catch {
    let line = LogLine(.warning, "files")
    line.append("the root has no directory ")
    line.append(path)
    line.end()
  }
}

/// Opens what a program has made with `mknod`.
final class SpecialOpener: SpecialFileOpener {
  func open(_ node: Node, _ flags: OpenFlags) throws(SystemError) -> OpenFile {
    #if PIPES
      if node.kind == .fifo { return try NamedPipes.open(node, flags: flags) }
    #endif
    throw .noSuchDeviceAddress
  }
}
