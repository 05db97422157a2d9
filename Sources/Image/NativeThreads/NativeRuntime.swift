// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import CommandLine
import Log
import Machine
import Random
import Scheduling
import SchedulerCooperative

/// What native applications use of the kernel, each started when it is first asked for.
public enum NativeRuntime {
  private static let readParameters = KernelGlobal<Parameters?>(nil)
  private static let hasTime = KernelGlobal(false)
  private static let hasRandom = KernelGlobal(false)
  private static let hasThreads = KernelGlobal(false)

  /// Whether there may be more threads than the first.
  public static var hasStartedThreads: Bool { hasThreads.value }

  /// What the host asks for.
  public static var parameters: Parameters {
    if let parameters = readParameters.value { return parameters }
    let parameters = Parameters.read()
    readParameters.value = parameters
    Log.setThreshold(parameters.logLevel)
    return parameters
  }

  /// Starts the clocks.
  public static func startTime() {
    guard !hasTime.value else { return }
    hasTime.value = true
    LocalTimer.enable()
    CycleCounter.discover()
    Clock.start(wallTime: parameters.wallTime ?? readRealTimeClock())
    Log.setClock { Clock.now().nanoseconds / 1000 }
  }

  /// Seeds the random generator.
  public static func startRandom() {
    guard !hasRandom.value else { return }
    hasRandom.value = true
    RandomSource.seed(RawSpan(_elements: parameters.seed.span))
    if !RandomSource.isSeeded {
      Log.write(.warning, "random", "no random source: what is random here can be guessed")
    }
  }

  /// Makes the code that runs the first thread, and lets it wait.
  public static func startThreads() {
    guard !hasThreads.value else { return }
    hasThreads.value = true
    startTime()
    guard let context = ThreadContext(adoptingBootStack: ()) else {
      Panic.refuse("threads", "too little memory; give the machine more with --memory")
    }
    // Native code runs until it waits, so no timer cuts its time into slices.
    Scheduler.start(policy: CooperativePolicy())
    Scheduler.adopt(Thread(adopting: context))
  }
}
