// SPDX-License-Identifier: BSD-3-Clause

// What differs between an unmodified program and one that is linked in (the folder CProgram): how
// it is loaded, how its system calls come to the families, and whether it needs a root archive.

import CommandLine
import DeviceFS
import Frames
import LinuxLoader
import Machine
import RootFS
import VFS
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
func prepareSystemCalls(of process: Process) {
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
    SignalCalls.prepare()
    SignalCalls.register(in: &table)
  #endif
  #if LINUX_SOCKETS
    SocketCalls.register(in: &table)
  #endif
  #if LINUX_THREADS
    ThreadCalls.prepare()
    ThreadCalls.register(in: &table)
  #endif
  #if LINUX_TIME
    TimeCalls.register(in: &table)
  #endif
  process.calls = table
}

/// Lends the program the kernel's shared object, if configuration chose it.
func installSharedObject(in process: Process) {
  #if LINUX_VDSO
    do { try VDSO.install(in: process) } catch {
      Log.write(.warning, "vdso", "no memory for the shared object; clocks are system calls")
    }
  #endif
}

/// Loads the program from its file in the root.
func loadProgram(
  _ text: BootParameters, in process: Process
) throws(LoadError) -> Loader.Entry {
  installSharedObject(in: process)
  return try Loader.load(
    text.program, arguments: text.arguments, environment: text.environment, in: process)
}

/// An unmodified program lies in the root archive, so there is no root without one.
func makeEmptyRoot(_ frames: FrameAllocator) -> RootFileSystem {
  Panic.refuse("root", "there is no root archive; start the machine with one (-initrd)")
}

/// Nobody knows what files a program will open.
func furnish(_ process: Process, _ parameters: Parameters, console: ConsoleSet) {
  mountSystems(process, parameters, console: console)
}

/// Nobody knows whether a program will use the network.
func offerNetwork(_ parameters: Parameters, frames: FrameAllocator, namespace: Namespace) {
  prepareNetwork(parameters, frames: frames, namespace: namespace)
}
