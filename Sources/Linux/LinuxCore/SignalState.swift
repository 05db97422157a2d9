// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A set of signals 1...64, signal *n* as bit *n* - 1 (`sigset_t` of the kernel).
public struct SignalSet: OptionSet, Sendable {
  public var rawValue: UInt64

  @inline(__always)
  public init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  @inline(__always)
  public init(_ signal: Signal) {
    rawValue = 1 << UInt64(signal.rawValue - 1)
  }
}

/// A signal's number (`signal(7)`).
public struct Signal: RawRepresentable, Hashable, Sendable {
  public let rawValue: Int32

  @inline(__always)
  public init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// Highest signal number (`_NSIG`).
  public static let limit: Int32 = 64
  public static let abort = Signal(rawValue: 6)
  public static let busError = Signal(rawValue: 7)
  public static let floatingPoint = Signal(rawValue: 8)
  public static let kill = Signal(rawValue: 9)
  public static let segmentationFault = Signal(rawValue: 11)
  public static let pipe = Signal(rawValue: 13)
  public static let alarm = Signal(rawValue: 14)
  public static let child = Signal(rawValue: 17)
  public static let `continue` = Signal(rawValue: 18)
  public static let stop = Signal(rawValue: 19)
  public static let illegalInstruction = Signal(rawValue: 4)
  public static let trap = Signal(rawValue: 5)
}

/// What the kernel tells of a signal (`siginfo_t`), in kernel terms.
public struct SignalInformation: Sendable {
  public var signal: Signal
  /// `si_code`
  public var code: Int32
  /// `si_errno`
  public var error: Int32 = 0
  /// The sender, or the timer's identifier and overrun.
  public var first: Int32 = 0
  public var second: Int32 = 0
  /// `si_value`, or the address of a fault.
  public var value: UInt = 0

  public init(signal: Signal, code: Int32) {
    self.signal = signal
    self.code = code
  }
}

/// Signals that wait for delivery: one of each ordinary kind, a queue of the real-time ones.
public struct PendingSignals {
  public private(set) var set = SignalSet()
  private var queue: [SignalInformation] = []

  public init() {}

  /// Whether nothing is pending but what `mask` blocks.
  @inline(__always)
  public func isEmpty(besides mask: SignalSet) -> Bool {
    set.rawValue & ~mask.rawValue == 0
  }

  /// Adds a signal. An ordinary one that is pending already is dropped (`signal(7)`).
  ///
  /// - Returns: false when it was dropped.
  @discardableResult
  public mutating func add(_ information: SignalInformation) -> Bool {
    let bit = SignalSet(information.signal)
    if information.signal.rawValue < 32 && set.contains(bit) { return false }
    set.insert(bit)
    queue.append(information)
    return true
  }

  /// Takes the next signal outside `mask`: faults first, then by number.
  public mutating func take(besides mask: SignalSet) -> SignalInformation? {
    let open = set.rawValue & ~mask.rawValue
    guard open != 0 else { return nil }
    let faults: UInt64 = 1 << 3 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 30
    let first = open & faults != 0 ? open & faults : open
    let signal = Signal(rawValue: Int32(first.trailingZeroBitCount + 1))
    guard let index = queue.firstIndex(where: { $0.signal == signal }) else { return nil }
    let information = queue.remove(at: index)
    if !queue.contains(where: { $0.signal == signal }) { set.remove(SignalSet(signal)) }
    return information
  }

  /// Changes the first waiting signal that `matches`. Returns false when there is none.
  public mutating func amend(
    where matches: (SignalInformation) -> Bool, _ change: (inout SignalInformation) -> Void
  ) -> Bool {
    guard let index = queue.firstIndex(where: matches) else { return false }
    change(&queue[index])
    return true
  }

  /// Drops every pending instance of `signal`.
  public mutating func discard(_ signal: Signal) {
    queue.removeAll { $0.signal == signal }
    set.remove(SignalSet(signal))
  }
}

/// What a program asked for one signal (`struct kernel_sigaction`).
public struct SignalAction: Sendable {
  /// The handler's address; 0 is the default action, 1 ignores.
  public var handler: UInt = 0
  public var flags: UInt64 = 0
  public var restorer: UInt = 0
  public var mask = SignalSet()

  public init() {}
}

/// The actions of all signals.
public struct SignalActions {
  private var actions: [SignalAction]

  public init() {
    actions = Array(repeating: SignalAction(), count: Int(Signal.limit))
  }

  public subscript(_ signal: Signal) -> SignalAction {
    get { actions[Int(signal.rawValue) - 1] }
    set { actions[Int(signal.rawValue) - 1] = newValue }
  }
}

/// `stack_t`
public struct AlternateStack: Sendable {
  public var start: UInt = 0
  public var byteCount: UInt = 0
  public var flags: Int32 = 2

  public init() {}
}

/// `RLIMIT_*`, soft and hard.
public struct ResourceLimits {
  private var soft: [UInt64]
  private var hard: [UInt64]

  public static let unlimited = UInt64.max

  public init() {
    soft = Array(repeating: Self.unlimited, count: 16)
    hard = soft
    // RLIMIT_STACK, RLIMIT_NOFILE: what a Linux login session has.
    soft[3] = 8 << 20
    soft[7] = 1024
    hard[7] = 1 << 20
    // RLIMIT_CORE: no core files.
    soft[4] = 0
  }

  public subscript(_ resource: Int) -> (soft: UInt64, hard: UInt64) {
    get { (soft[resource], hard[resource]) }
    set {
      soft[resource] = newValue.soft
      hard[resource] = newValue.hard
    }
  }
}
