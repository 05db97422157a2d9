// SPDX-License-Identifier: BSD-3-Clause

// The one file where configuration chooses implementations. Each name is a Kconfig symbol. The
// hooks of the heap are here because what the C names of the runtime call must see its module.

import Base
import Frames
import Heap
import Machine
import Scheduling
import Settings

#if HEAP_BUDDY
  import HeapBuddy
  typealias KernelHeap = BuddyHeap
#elseif HEAP_REGION
  import HeapRegion
  typealias KernelHeap = RegionHeap
#else
  import HeapTLSF
  typealias KernelHeap = TLSFHeap
#endif

#if SCHEDULER_COOPERATIVE
  import SchedulerCooperative
#else
  import SchedulerRoundRobin
#endif

/// The policy that configuration chose.
func makeSchedulingPolicy() -> any SchedulingPolicy {
  #if SCHEDULER_COOPERATIVE
    return CooperativePolicy()
  #else
    return RoundRobinPolicy(timeSlice: .milliseconds(Int64(Settings.timeSliceMilliseconds)))
  #endif
}

/// Puts the kernel's heap in its static place, with its first memory. It must be there before the
/// first object.
func installHeap(_ memory: HeapMemory) {
  HeapSlot<KernelHeap>().install(KernelHeap(first: memory))
}

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

/// Lets the heap grow.
func setHeapGrower(_ grower: any HeapGrower) {
  HeapSlot<KernelHeap>().heap.setGrower(grower)
}

/// `malloc`, for runtime.c.
@c(martlet_heap_allocate)
public func heapAllocate(_ byteCount: UInt, _ alignment: UInt) -> UInt {
  HeapSlot<KernelHeap>().heap.allocate(Int(byteCount), alignment: Int(alignment))
}

/// `free`, for runtime.c.
@c(martlet_heap_free)
public func heapFree(_ address: UInt) {
  HeapSlot<KernelHeap>().heap.free(address)
}

/// `malloc_usable_size`, for runtime.c.
@c(martlet_heap_usable_size)
public func heapUsableSize(_ address: UInt) -> UInt {
  UInt(HeapSlot<KernelHeap>().heap.usableSize(address))
}

#if VIRTIO_MMIO
  import VirtioMMIO
#endif
#if VIRTIO_PCI
  import PCI
  import VirtioPCI
#endif
import Bytes
import Clock
import CommandLine
import Virtio

/// The first virtio device of a kind (`VirtioConsole.deviceKind` and so on), on whatever transport
/// the image knows.
func findVirtioDevice(_ kind: UInt32, _ parameters: BootParameters) -> (any VirtioTransport)? {
  var found: (any VirtioTransport)?
  forEachVirtioDevice(kind, parameters) { transport in
    found = transport
    return false
  }
  return found
}

/// Calls `body` with each virtio device of a kind until it returns false. Devices of other kinds
/// are left alone.
func forEachVirtioDevice(
  _ kind: UInt32, _ parameters: BootParameters, _ body: (any VirtioTransport) -> Bool
) {
  #if VIRTIO_MMIO
    for window in parameters.virtioDevices {
      if let transport = try? VirtioMMIOTransport(
        at: window.address, byteCount: window.byteCount, interruptLine: window.interruptLine),
        transport.deviceKind == kind
      {
        guard body(transport) else { return }
      }
    }
  #endif
  #if VIRTIO_PCI
    PCIBus.forEachDevice(in: PCIPortConfiguration()) { device in
      guard let transport = try? VirtioPCITransport(device),
        transport.deviceKind == kind
      else { return true }
      return body(transport)
    }
  #endif
}

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

#if REAL_TIME_CLOCK
  import RealTimeClock
#endif

/// The time of day by the machine's clock, in nanoseconds since 1970.
func readRealTimeClock() -> Int64? {
  #if REAL_TIME_CLOCK
    return RealTimeClock()?.secondsSince1970().map { $0 &* 1_000_000_000 }
  #else
    return nil
  #endif
}

#if LINUX_FILES
  import LinuxFiles
#endif
#if LINUX_POLLING
  import LinuxPolling
#endif
#if LINUX_PROCESS
  import LinuxProcess
#endif
#if LINUX_SIGNALS
  import LinuxSignals
#endif
#if LINUX_SOCKETS
  import LinuxSockets
#endif
#if LINUX_THREADS
  import LinuxThreads
#endif
#if LINUX_TIME
  import LinuxTime
#endif
#if LINUX_VDSO
  import LinuxVDSO
#endif
import LinuxCore
import LinuxMemory
import Log

/// Registers the families of system calls that configuration chose.
func registerSystemCalls(of process: Process) {
  var table = SystemCallTable()
  MemoryCalls.register(in: &table)
  #if LINUX_FILES
    FileCalls.register(in: &table)
  #endif
  #if LINUX_POLLING
    PollingCalls.register(in: &table)
  #endif
  #if LINUX_PROCESS
    ProcessCalls.register(in: &table)
  #endif
  #if LINUX_SIGNALS
    SignalCalls.register(in: &table)
  #endif
  #if LINUX_SOCKETS
    SocketCalls.register(in: &table)
  #endif
  #if LINUX_THREADS
    ThreadCalls.register(in: &table)
  #endif
  #if LINUX_TIME
    TimeCalls.register(in: &table)
  #endif
  process.calls = table
}

#if NETWORK_HOST
  import Frames
  import Internet
  import NetworkHost
  import Packets
  import Random
  #if VIRTIO_NET
    import Addresses
    import VirtioNet
  #endif
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

#if NETWORK_HOST
  /// The machine's network card; nil when there is none, or it does not work.
  func makeNetworkCard(_ parameters: BootParameters, pool: PacketPool) -> (any NetworkCard)? {
    #if VIRTIO_NET
      guard let transport = findVirtioDevice(VirtioNet.deviceKind, parameters) else { return nil }
      let interrupts = transport.connectInterrupts()
      do {
        let device = try VirtioNet(transport, pool: pool)
        // Of our own choice, and not a group's (IEEE 802 section 8.2).
        let address = RandomSource.next() & 0xfc_ffff_ffff_ffff | 0x02_00_0000_0000
        let card = VirtioNetCard(
          device, interrupts: interrupts, chosenAddress: MACAddress(address))
        return card
      } catch {
        Log.write(.error, "network", "the virtio network card does not work")
        return nil
      }
    #else
      return nil
    #endif
  }

  /// Lets the card's interrupts begin rounds.
  func connectNetworkCard(to host: NetworkHost) {
    #if VIRTIO_NET
      guard let card = host.card as? VirtioNetCard, let interrupts = card.interrupts else { return }
      Scheduler.handle(interrupts.queues, by: host)
      if let line = interrupts.configuration { Scheduler.handle(line, by: host) }
      // What the device said before its line was routed.
      host.handleInterrupt()
    #endif
  }
#endif

/// Lends the program the kernel's shared object, if configuration chose it.
func installSharedObject(in process: Process) {
  #if LINUX_VDSO
    do { try VDSO.install(in: process) } catch {
      Log.write(.warning, "vdso", "no memory for the shared object; clocks are system calls")
    }
  #endif
}

import DeviceFS
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

/// Mounts `/dev`, `/proc` and `/sys`, and opens descriptors 0, 1 and 2.
func furnish(_ process: Process, console: Console, kernelCommandLine: [UInt8]) {
  #if LINUX_PROC
    let facts = ProcessFacts(process, kernelCommandLine: kernelCommandLine)
    mount(ProcFS.makeRoot(facts), at: "/proc", in: process.namespace)
    mount(SysFS.makeRoot(facts), at: "/sys", in: process.namespace)
  #endif
  let set = ConsoleSet(input: console.input, output: console.output, error: console.errors)
  let space = process.space
  let devices = DeviceFS.makeRoot(console: set, random: KernelRandom()) {
    Files.makeSharedMemory(in: space)
  }
  mount(devices, at: "/dev", in: process.namespace)
  let files = set.openStandardFiles()
  for file in [files.input, files.output, files.error] {
    _ = try? process.descriptors.add(file, closesOnExec: false)
  }
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
