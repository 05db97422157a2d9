// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import CommandLine
import LinuxCore
import LinuxLoader
import Log
import Machine
import Memory
import Scheduling
import Settings
import VFS

/// The one program of the image, from its start to its end.
enum Program {
  /// Runs the program and returns its status, as a shell sees it.
  static func run(_ parameters: Parameters, in process: Process, console: Console) -> Int32 {
    Process.running.value = process
    process.allowsWriteAndExecute = Settings.jit
    process.kernelStackPages = Settings.kernelStackKiB / 4
    if !parameters.text.hostname.isEmpty { process.hostName = parameters.text.hostname }
    prepareSystemCalls(of: process)
    furnish(process, parameters, console: openStandardFiles(process, console: console))
    enterWorkingDirectory(parameters, process)
    guard let thread = start(parameters, in: process) else { return 125 }
    Scheduler.add(thread)
    while !process.hasEnded { _ = process.ended.wait(interruptible: false) }
    if !FileSystems.synchronize() {
      Log.write(.error, "volumes", "what mapped files hold did not all reach the host")
    }
    let status = process.exitStatus ?? 0
    explain(status, of: process, hasComplained: console.errors.hasWritten)
    return status
  }

  /// Names the option that a program which failed may have needed. Programs that only try for a
  /// compiler and go on without (`grep -P`) hear nothing of it.
  private static func explain(_ status: Int32, of process: Process, hasComplained: Bool) {
    guard process.wasRefusedWriteAndExecute, status >= 128 || status != 0 && hasComplained else {
      return
    }
    Log.write(
      .notice, "memory",
      """
      the program was refused memory that is writable and executable; if it needs that, say so in \
      martlet.yaml: config: [JIT=y]
      """)
  }

  private static func start(_ parameters: Parameters, in process: Process) -> LinuxThread? {
    let text = parameters.text
    guard let entry = try? loadProgram(text, in: process) else { return nil }
    guard
      let thread = LinuxThread(
        process: process, identifier: process.identifier,
        stackPages: process.kernelStackPages)
    else { return nil }
    thread.registers.reset(
      instructionPointer: entry.instructionPointer, stackPointer: entry.stackPointer)
    process.threads.append(thread)
    BootTrace.mark(.main)
    if BootInformation.hasWord("trace=boot") { Log.writeBootTrace() }
    let line = LogLine(.information, "boot")
    line.append("the program starts after ")
    line.append(decimal: Int(CycleCounter.read() - CycleCounter.cyclesAtEntry))
    line.append(" cycles")
    line.end()
    return thread
  }

  private static func enterWorkingDirectory(_ parameters: Parameters, _ process: Process) {
    let path = parameters.text.workingDirectory
    guard !path.isEmpty else { return }
    guard let directory = try? process.namespace.lookup(RawSpan(_elements: path.span)),
      directory.isDirectory
    else {
      let line = LogLine(.error, "boot")
      line.append("there is no working directory ")
      line.append(path)
      line.end()
      return
    }
    process.namespace.workingDirectory = directory
  }
}
