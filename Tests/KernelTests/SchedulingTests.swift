// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import Machine
import SchedulerRoundRobin
import Scheduling
import Testing

/// Threads, sleeps and wait queues on the simulated machine. There is one scheduler in a process,
/// so this is one test, and it runs in a process of its own.
@Suite struct SchedulingTests {
  @Test func threadsTakeTurnsSleepAndWake() async {
    await #expect(processExitsWith: .success) {
      Clock.start(wallTime: nil)
      Scheduler.start(policy: RoundRobinPolicy(timeSlice: Nanoseconds.milliseconds(10)))
      Scheduler.adopt(Thread(adopting: ThreadContext(adoptingBootStack: ())!))
      let record = Record()
      for name in 1...2 { Scheduler.add(Worker(name, record)!) }
      for _ in 0..<3 { Scheduler.yield() }
      precondition(record.steps == [1, 2, 1, 2, 1, 2], "threads do not take turns")

      let before = Clock.now()
      let reason = Scheduler.sleep(until: before + .milliseconds(5))
      precondition(reason == .timedOut && Clock.now() >= before + .milliseconds(5), "slept")
      // Meanwhile both have come to the queue.
      precondition(record.steps.count == 6 && !record.queue.isEmpty, "a blocked thread ran")
      record.queue.wakeAll()
      Scheduler.yield()
      precondition(record.steps == [1, 2, 1, 2, 1, 2, 11, 12], "threads did not wake in order")
    }
  }

  private final class Record {
    var steps: [Int] = []
    let queue = WaitQueue()
  }

  private final class Worker: Thread {
    let name: Int
    let record: Record

    init?(_ name: Int, _ record: Record) {
      self.name = name
      self.record = record
      super.init(stackPages: 4)
    }

    override func run() {
      for _ in 0..<3 {
        record.steps.append(name)
        Scheduler.yield()
      }
      precondition(record.queue.wait() == .woken, "not woken")
      record.steps.append(10 + name)
    }
  }
}
