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
import VFS
import Virtio
import VirtioConsole

/// A Linux image starts its heap itself, before the first object.
@inline(__always)
func prepareHeap() {}

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
    memory.startHeap()
    BootTrace.mark(.heap)
    guard BootInformation.isValid else {
      Panic.refuse("boot", "the kernel was not started by the PVH protocol")
    }
    Processor.enableVectorRegisters()

    // Frames, page tables; the lower half belongs to the program.
    let frames = memory.makeFrames(reserve: 64)
    let tables = startPageTables(frames)
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
    offerNetwork(parameters, frames: frames, namespace: namespace)
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
}
