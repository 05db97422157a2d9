// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import MartletTime

/// Work that is to be done at a later time, once or again and again.
///
/// ```swift
/// import Martlet
///
/// let tick = Timer.every(.milliseconds(100)) { Console.output.write("tick\n") }
/// Timer.after(.milliseconds(350)) { tick?.cancel() }
/// Time.sleep(.milliseconds(500))
/// ```
///
/// All timers have one thread, which starts with the first of them: work that takes long holds the
/// other timers up. A timer goes on without its handle.
public final class Timer: Sendable {
  fileprivate struct State {
    /// When it is due; meaningful while it is pending.
    var deadline: Instant
    var isPending = true
    let body: () -> Void
  }

  fileprivate let interval: Nanoseconds?
  fileprivate let state: SharedVariable<State>

  /// Whether it will do its work, or do it again.
  public var isPending: Bool { state.value.isPending }

  fileprivate var deadline: Instant { state.value.deadline }

  private init(_ deadline: Instant, _ interval: Nanoseconds?, _ body: @escaping () -> Void) {
    self.interval = interval
    state = SharedVariable(State(deadline: deadline, body: body))
  }

  /// Does the work once, when this time is over.
  ///
  /// - Returns: nil when there is no memory for the timers' thread.
  @discardableResult
  public static func after(_ span: Nanoseconds, _ body: @escaping () -> Void) -> Timer? {
    start(Timer(Time.now() + span, nil, body))
  }

  /// Does the work again and again. Turns that would come late by a whole interval are left out.
  ///
  /// - Parameter interval: more than zero.
  /// - Returns: nil when there is no memory for the timers' thread.
  @discardableResult
  public static func every(_ interval: Nanoseconds, _ body: @escaping () -> Void) -> Timer? {
    precondition(interval > .zero, "a timer's interval is longer than nothing")
    return start(Timer(Time.now() + interval, interval, body))
  }

  private static func start(_ timer: Timer) -> Timer? {
    guard let service = TimerService.shared else { return nil }
    service.add(timer)
    return timer
  }

  /// Calls the work off. What runs already runs to its end.
  public func cancel() {
    guard isPending else { return }
    state.value.isPending = false
    TimerService.shared?.remove(self)
  }
}

/// The thread of all timers.
private final class TimerService {
  private static let made = KernelGlobal<TimerService?>(nil)

  static var shared: TimerService? {
    if let service = made.value { return service }
    let service = TimerService()
    guard Thread.start({ service.run() }) != nil else { return nil }
    made.value = service
    return service
  }

  /// The one that is due next comes last.
  private var timers: [Timer] = []
  private let changes = WaitingThreads()

  func add(_ timer: Timer) {
    var index = timers.count
    while index > 0, timers[index - 1].deadline <= timer.deadline { index -= 1 }
    timers.insert(timer, at: index)
    if index == timers.count - 1 { changes.wakeAll() }
  }

  func remove(_ timer: Timer) {
    timers.removeAll { $0 === timer }
  }

  func run() {
    while true {
      let now = Time.now()
      guard let timer = timers.last, timer.deadline <= now else {
        _ = changes.wait(until: timers.last?.deadline ?? .never)
        continue
      }
      timers.removeLast()
      if let interval = timer.interval {
        let next = timer.deadline + interval
        timer.state.value.deadline = next > now ? next : now + interval
        add(timer)
      } else {
        timer.state.value.isPending = false
      }
      timer.state.value.body()
    }
  }
}
