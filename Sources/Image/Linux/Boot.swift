// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import CommandLine
import Frames
import Heap
import LinuxCore
import Log
import Machine
import Memory
import Random
import Scheduling
import Settings
import VFS
import Virtio
import VirtioConsole

/// The boot list of a Linux image: it reads top to bottom, and each step says what there is from
/// then on.
enum Boot {
  static func run() -> Never {
    // Exceptions are reported, system calls have their entry.
    BootTrace.mark(.firstTables)
    Processor.prepare()
    Processor.prepareSystemCalls()
    BootTrace.mark(.processor)
    let archive = BootInformation.module ?? ImageLayout.archive

    // Objects may be made.
    var memory = BootMemory(archive: archive)
    startHeap(&memory)
    BootTrace.mark(.heap)
    guard BootInformation.isValid else {
      Panic.refuse("boot", "the kernel was not started by the PVH protocol")
    }
    Processor.enableVectorRegisters()

    // Frames, page tables; the lower half belongs to the program.
    let frames = makeFrames(&memory)
    let tables = startPaging(frames)
    BootTrace.mark(.paging)

    // Time, and the kernel's own words about it.
    LocalTimer.enable()
    let parameters = Parameters.read()
    CycleCounter.discover()
    TranslationCache.discover()
    Clock.start(wallTime: parameters.wallTime ?? readRealTimeClock())
    Log.setClock { Clock.now().nanoseconds / 1000 }
    Log.setThreshold(parameters.logLevel)
    BootTrace.mark(.time)

    // Random numbers.
    RandomSource.seed(RawSpan(_elements: parameters.seed.span))
    if !RandomSource.isSeeded {
      Log.write(.warning, "random", "no random source: what is random here can be guessed")
    }

    BootTrace.mark(.random)
    if let status = replayTrace(archive, on: frames) { end(status) }

    // Threads: this one is the first.
    guard let context = ThreadContext(adoptingBootStack: ()) else { tooLittleMemory() }
    Scheduler.start(policy: makeSchedulingPolicy())
    Scheduler.adopt(Thread(adopting: context))
    BootTrace.mark(.threads)

    // Devices, files, the program.
    let console = Console.start(parameters)
    startEntropy(parameters.text)
    BootTrace.mark(.console)
    let space = AddressSpace(tables: tables, frames: frames)
    space.activate()
    let namespace = Files.makeNamespace(
      archive: archive, frames: frames, console: console, parameters: parameters)
    BootTrace.mark(.files)
    prepareNetwork(parameters, frames: frames, namespace: namespace)
    BootTrace.mark(.network)
    let status = Program.run(
      parameters, in: Process(space: space, namespace: namespace), console: console)
    console.drain()
    end(status)
  }

  private static func end(_ status: Int32) -> Never {
    Log.writeExit(status: status)
    Power.off(status: status)
  }

  static func tooLittleMemory() -> Never {
    Panic.refuse("boot", "too little memory to start; give the machine more with --memory")
  }

  /// The heap's first memory; it grows by frames later.
  private static func startHeap(_ memory: inout BootMemory) {
    guard let first = memory.take(32) else { tooLittleMemory() }
    installHeap(HeapMemory(frame: first, count: 32))
  }

  private static func makeFrames(_ memory: inout BootMemory) -> FrameAllocator {
    let bytes = FrameAllocator.metadataByteCount(upTo: UInt32(memory.end))
    let pages = (bytes + pageSize - 1) / pageSize
    // Memory above the first GiB must be mapped before frames there are used.
    if memory.end > 1 << 18 { extendDirectMap(&memory) }
    guard let metadata = memory.take(UInt(pages)) else { tooLittleMemory() }
    var ranges: [FrameAllocator.Range] = []
    for index in 0..<memory.count where memory[index].pageCount > 0 {
      ranges.append(
        FrameAllocator.Range(
          first: UInt32(memory[index].first), end: UInt32(memory[index].end)))
    }
    let frames = FrameAllocator(
      metadata: HeapMemory(frame: metadata, count: pages), ranges: ranges, reserve: 64)
    FrameSupply.current.value = frames
    setHeapGrower(FrameGrower(frames))
    return frames
  }

  private static func extendDirectMap(_ memory: inout BootMemory) {
    let tables = UInt((memory.end + (1 << 18) - 1) >> 18) - 1
    guard var next = memory.take(tables) else { tooLittleMemory() }
    DirectMap.extend(to: PhysicalAddress(memory.end << 12)) {
      let frame = next
      next = next + 1
      return frame
    }
  }

  private static func startPaging(_ frames: FrameAllocator) -> PageTables {
    guard let tables = PageTables(frames: frames) else { tooLittleMemory() }
    PageTables.current.value = tables
    return tables
  }
}
