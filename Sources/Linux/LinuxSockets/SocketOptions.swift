// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore

/// The options of `SOL_SOCKET` that every family has (`socket(7)`).
public struct SocketOptions: Sendable {
  /// `SOL_SOCKET`
  public static let level: Int32 = 1

  public var reusesAddress = false
  public var reusesPort = false
  public var doesNotRoute = false
  public var mayBroadcast = false
  public var keepsAlive = false
  public var keepsUrgentInline = false
  public var passesCredentials = false
  public var stampsTime = false
  public var priority: Int32 = 0
  public var mark: Int32 = 0
  /// What was asked for, doubled as Linux does for its own needs; nil for the family's default.
  public var sendBuffer: Int?
  public var receiveBuffer: Int?
  public var receiveLowMark: Int32 = 1
  /// How long a call waits; nil for ever.
  public var receiveTimeout: Nanoseconds?
  public var sendTimeout: Nanoseconds?
  /// How long `close` waits for what was sent; nil for not at all.
  public var lingerSeconds: Int32?

  public init() {}

  /// `net.core.rmem_max` and `wmem_max`.
  private static let bufferLimit = 4 << 20
  private static let leastBuffer = 2304

  /// Sets an option. False when it is none of these. Throws `invalidArgument`, `domain`.
  mutating func set(_ name: OptionName, _ value: OptionValue) throws(SystemError) -> Bool {
    switch name {
    case .reuseAddress: reusesAddress = try value.flag()
    case .reusePort: reusesPort = try value.flag()
    case .doNotRoute: doesNotRoute = try value.flag()
    case .broadcast: mayBroadcast = try value.flag()
    case .keepAlive: keepsAlive = try value.flag()
    case .urgentInline: keepsUrgentInline = try value.flag()
    case .passCredentials: passesCredentials = try value.flag()
    case .timestamp: stampsTime = try value.flag()
    case .priority: priority = try value.integer()
    case .mark: mark = try value.integer()
    case .receiveLowMark: receiveLowMark = max(1, try value.integer())
    case .sendBuffer, .sendBufferForce: sendBuffer = Self.buffer(try value.integer())
    case .receiveBuffer, .receiveBufferForce: receiveBuffer = Self.buffer(try value.integer())
    case .receiveTimeout: receiveTimeout = try value.time()
    case .sendTimeout: sendTimeout = try value.time()
    case .linger:
      let isOn = try value.integer() != 0
      let seconds = try value.integer(at: 4)
      lingerSeconds = isOn ? seconds : nil
    // Hints about scheduling and offloads, which change nothing that a program sees.
    case .busyPoll, .preferBusyPoll, .incomingCPU, .maximumPacingRate, .noCheck, .lockFilter,
      .detachFilter, .receiveOverflow, .selectErrorQueue, .timestampNanoseconds, .timestamping,
      .zeroCopy, .debug:
      _ = try value.integer()
    default: return false
    }
    return true
  }

  private static func buffer(_ byteCount: Int32) -> Int {
    // Negative numbers are taken for huge ones, as Linux does.
    let wanted = min(Int(UInt32(bitPattern: byteCount)), bufferLimit)
    return max(wanted * 2, leastBuffer)
  }

  /// An option's value; nil when it is none of these.
  func value(_ name: OptionName) -> [UInt8]? {
    switch name {
    case .reuseAddress: OptionValue.bytes(reusesAddress)
    case .reusePort: OptionValue.bytes(reusesPort)
    case .doNotRoute: OptionValue.bytes(doesNotRoute)
    case .broadcast: OptionValue.bytes(mayBroadcast)
    case .keepAlive: OptionValue.bytes(keepsAlive)
    case .urgentInline: OptionValue.bytes(keepsUrgentInline)
    case .passCredentials: OptionValue.bytes(passesCredentials)
    case .timestamp: OptionValue.bytes(stampsTime)
    case .priority: OptionValue.bytes(priority)
    case .mark: OptionValue.bytes(mark)
    case .receiveLowMark: OptionValue.bytes(receiveLowMark)
    case .sendLowMark: OptionValue.bytes(1)
    case .sendBuffer: OptionValue.bytes(Int32(sendBuffer ?? 212_992))
    case .receiveBuffer: OptionValue.bytes(Int32(receiveBuffer ?? 212_992))
    case .receiveTimeout: OptionValue.bytes(receiveTimeout)
    case .sendTimeout: OptionValue.bytes(sendTimeout)
    case .linger: OptionValue.bytes(lingerSeconds == nil ? 0 : 1, lingerSeconds ?? 0)
    case .busyPoll, .preferBusyPoll, .noCheck, .receiveOverflow, .debug: OptionValue.bytes(0)
    case .incomingCPU: OptionValue.bytes(0)
    default: nil
    }
  }
}

/// The options of `SOL_SOCKET` (`SO_…`).
enum OptionName: Int32 {
  case debug = 1
  case reuseAddress = 2
  case type = 3
  case error = 4
  case doNotRoute = 5
  case broadcast = 6
  case sendBuffer = 7
  case receiveBuffer = 8
  case keepAlive = 9
  case urgentInline = 10
  case noCheck = 11
  case priority = 12
  case linger = 13
  case reusePort = 15
  case passCredentials = 16
  case peerCredentials = 17
  case receiveLowMark = 18
  case sendLowMark = 19
  case receiveTimeout = 20
  case sendTimeout = 21
  case bindToDevice = 25
  case attachFilter = 26
  case detachFilter = 27
  case timestamp = 29
  case acceptsConnections = 30
  case sendBufferForce = 32
  case receiveBufferForce = 33
  case timestampNanoseconds = 35
  case mark = 36
  case timestamping = 37
  case protocolNumber = 38
  case domain = 39
  case receiveOverflow = 40
  case lockFilter = 44
  case selectErrorQueue = 45
  case busyPoll = 46
  case maximumPacingRate = 47
  case incomingCPU = 49
  case zeroCopy = 60
  case preferBusyPoll = 69
}

/// The value that `setsockopt` was given. Most are an `int`, which needs no memory.
public struct OptionValue {
  private let word: Int32?
  private let longer: [UInt8]

  public init(_ bytes: [UInt8]) {
    word = nil
    longer = bytes
  }

  public init(_ word: Int32) {
    self.word = word
    longer = []
  }

  public var bytes: [UInt8] {
    guard let word else { return longer }
    return Self.bytes(word)
  }

  /// An `int`. Throws `invalidArgument` when the value is too short.
  public func integer(at offset: Int = 0) throws(SystemError) -> Int32 {
    if let word {
      guard offset == 0 else { throw .invalidArgument }
      return word
    }
    guard longer.count >= offset + 4 else { throw .invalidArgument }
    return longer.get(offset)
  }

  /// An `int` that is zero or not.
  public func flag() throws(SystemError) -> Bool { try integer() != 0 }

  /// A `struct timeval`; nil for zero, which means for ever. Throws `invalidArgument`, `domain`.
  func time() throws(SystemError) -> Nanoseconds? {
    guard bytes.count >= 16 else { throw .invalidArgument }
    let seconds: Int64 = bytes.get(0)
    let microseconds: Int64 = bytes.get(8)
    guard microseconds >= 0, microseconds < 1_000_000 else { throw .domain }
    // A negative time is over at once (sock_set_timeout); it is as short as can be here.
    if seconds < 0 { return Nanoseconds(seconds: 0, nanoseconds: 1) }
    if seconds == 0, microseconds == 0 { return nil }
    return Nanoseconds(seconds: min(seconds, 1 << 32), nanoseconds: microseconds * 1000)
  }

  public static func bytes(_ value: Bool) -> [UInt8] { bytes(value ? 1 : 0) }

  public static func bytes(_ value: Int32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4)
    bytes.put(value, at: 0)
    return bytes
  }

  public static func bytes(_ first: Int32, _ second: Int32) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8)
    bytes.put(first, at: 0)
    bytes.put(second, at: 4)
    return bytes
  }

  static func bytes(_ time: Nanoseconds?) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = time?.count ?? 0
    bytes.put(count / 1_000_000_000, at: 0)
    bytes.put(count % 1_000_000_000 / 1000, at: 8)
    return bytes
  }
}
