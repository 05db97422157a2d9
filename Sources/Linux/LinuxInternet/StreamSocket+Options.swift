// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import LinuxSockets
import Memory
import NetworkHost
import TCP

/// The options of `IPPROTO_TCP` (`tcp(7)`).
enum StreamOption: Int32 {
  case noDelay = 1
  case maximumSegment = 2
  case cork = 3
  case keepIdle = 4
  case keepInterval = 5
  case keepCount = 6
  case synchronizeCount = 7
  case linger2 = 8
  case deferAccept = 9
  case windowClamp = 10
  case information = 11
  case quickAcknowledge = 12
  case congestion = 13
  case userTimeout = 18
  case fastOpen = 23
  case notSentLowMark = 25

  static let level: Int32 = 6
}

extension StreamSocket {
  /// The connection's options if there is one, else those that it will begin with.
  private var present: ConnectionOptions { connection?.currentOptions ?? settings }

  func streamOption(_ name: Int32) throws(SystemError) -> [UInt8] {
    guard let option = StreamOption(rawValue: name) else { throw .noProtocolOption }
    switch option {
    case .noDelay: return OptionValue.bytes(present.sendsSmallAtOnce)
    case .cork: return OptionValue.bytes(present.isCorked)
    case .maximumSegment:
      return OptionValue.bytes(
        Int32(connection?.segmentSize ?? settings.maximumSegmentSize ?? 536))
    case .keepIdle: return Self.seconds(present.keepIdle)
    case .keepInterval: return Self.seconds(present.keepInterval)
    case .keepCount: return OptionValue.bytes(Int32(present.keepCount))
    case .userTimeout:
      return OptionValue.bytes(Int32((present.userTimeout?.count ?? 0) / 1_000_000))
    case .congestion:
      let algorithm = connection?.congestionAlgorithm ?? settings.congestion ?? .cubic
      var name = (algorithm == .cubic ? StaticString("cubic") : StaticString("reno")).byteArray
      while name.count < 16 { name.append(0) }
      return name
    case .information:
      guard let connection else { return StreamInformation.closed }
      return StreamInformation.bytes(connection.information, counters: host.tcp.counters)
    case .quickAcknowledge: return OptionValue.bytes(1)
    case .synchronizeCount: return OptionValue.bytes(6)
    case .linger2: return OptionValue.bytes(60)
    case .deferAccept, .windowClamp, .fastOpen: return OptionValue.bytes(0)
    case .notSentLowMark: return OptionValue.bytes(-1)
    }
  }

  private static func seconds(_ time: Nanoseconds) -> [UInt8] {
    OptionValue.bytes(Int32(truncatingIfNeeded: time.count / 1_000_000_000))
  }

  func setStreamOption(_ name: Int32, _ value: OptionValue) throws(SystemError) {
    guard let option = StreamOption(rawValue: name) else { throw .noProtocolOption }
    if option == .congestion { return try setCongestion(value.bytes) }
    let number = try value.integer()
    let now = host.enter()
    defer { host.leave(now) }
    switch option {
    case .noDelay:
      settings.sendsSmallAtOnce = number != 0
      connection?.setNoDelay(number != 0, now: now)
    case .cork:
      settings.isCorked = number != 0
      connection?.setCorked(number != 0, now: now)
    case .maximumSegment:
      guard number == 0 || (88...32767).contains(number) else { throw .invalidArgument }
      settings.maximumSegmentSize = number == 0 ? nil : Int(number)
    case .keepIdle:
      guard (1...32767).contains(number) else { throw .invalidArgument }
      settings.keepIdle = Nanoseconds(seconds: Int64(number))
      connection?.setKeepAlive(idle: settings.keepIdle, now: now)
    case .keepInterval:
      guard (1...32767).contains(number) else { throw .invalidArgument }
      settings.keepInterval = Nanoseconds(seconds: Int64(number))
      connection?.setKeepAlive(interval: settings.keepInterval, now: now)
    case .keepCount:
      guard (1...127).contains(number) else { throw .invalidArgument }
      settings.keepCount = Int(number)
      connection?.setKeepAlive(count: settings.keepCount, now: now)
    case .userTimeout:
      guard number >= 0 else { throw .invalidArgument }
      settings.userTimeout = number == 0 ? nil : .milliseconds(Int64(number))
      connection?.setUserTimeout(settings.userTimeout)
    case .quickAcknowledge:
      if number != 0 { connection?.acknowledgeNow(now: now) }
    // Limits that are fixed here, and hints: connections are given out when they are made.
    case .synchronizeCount, .linger2, .deferAccept, .windowClamp, .notSentLowMark: break
    case .fastOpen, .information, .congestion: throw .noProtocolOption
    }
    listener?.options = settings
  }

  private func setCongestion(_ text: [UInt8]) throws(SystemError) {
    let name = [UInt8](text.prefix { $0 != 0 })
    let algorithm: CongestionAlgorithm
    if name == StaticString("cubic").byteArray {
      algorithm = .cubic
    } else if name == StaticString("reno").byteArray {
      algorithm = .newReno
    } else {
      throw .noSuchFile
    }
    settings.congestion = algorithm
    connection?.setCongestionAlgorithm(algorithm)
    listener?.options = settings
  }

  /// Lets the options of `SOL_SOCKET` work that mean something to TCP.
  func applyCommonOptions() {
    let now = host.enter()
    defer { host.leave(now) }
    settings.keepsAlive = options.keepsAlive
    settings.keepsUrgentInline = options.keepsUrgentInline
    settings.abortsOnClose = options.lingerSeconds == 0
    settings.sendBuffer = options.sendBuffer
    settings.receiveBuffer = options.receiveBuffer
    listener?.options = settings
    guard let connection else { return }
    if connection.currentOptions.keepsAlive != options.keepsAlive {
      connection.setKeepAlive(options.keepsAlive, now: now)
    }
    connection.setUrgentInline(options.keepsUrgentInline)
    connection.setAbortsOnClose(options.lingerSeconds == 0)
    if let size = options.sendBuffer { connection.setSendBuffer(size) }
    if let size = options.receiveBuffer { connection.setReceiveBuffer(size) }
  }

  /// `FIONREAD`, `SIOCOUTQ`, `SIOCOUTQNSD`, `SIOCATMARK`; nil for another request.
  func control(_ request: UInt32, _ target: UserBuffer) throws(SystemError) -> Int? {
    let value: Int
    switch request {
    case 0x541b:
      guard listener == nil else { throw .invalidArgument }
      value = connection?.readableByteCount ?? 0
    case 0x5411: value = connection?.unacknowledgedByteCount ?? 0
    case 0x894b: value = connection?.unsentByteCount ?? 0
    case 0x8905: value = connection?.isAtMark == true ? 1 : 0
    default: return nil
    }
    let bytes = InlineArray<1, Int32>(repeating: Int32(truncatingIfNeeded: value))
    try target.copyOut(RawSpan(_elements: bytes.span))
    return 0
  }
}

/// `struct tcp_info`, as far as its members are known here.
enum StreamInformation {
  private static let byteCount = 232

  static var closed: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    bytes[0] = 7
    return bytes
  }

  static func bytes(_ information: ConnectionInformation, counters: TCPCounters) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    bytes[0] = number(of: information.state)
    bytes[2] = UInt8(truncatingIfNeeded: information.timeoutCount)
    bytes[5] =
      (information.usesTimestamps ? 1 : 0) | (information.usesSelective ? 2 : 0)
      | (information.usesScaling ? 4 : 0)
    bytes[6] = information.sendScale | information.receiveScale << 4
    let size = max(information.segmentSize, 1)
    let words: [(Int, Int)] = [
      (8, microseconds(information.timeout)), (12, 40_000), (16, information.segmentSize),
      (20, information.peerSegmentSize), (24, (information.outstanding + size - 1) / size),
      (60, information.mtu), (68, microseconds(information.smoothedRoundTrip)),
      (72, microseconds(information.roundTripVariation)),
      (76, min(information.threshold, 0x7fff_ffff) / size),
      (80, information.congestionWindow / size), (84, information.segmentSize), (88, 3),
      (96, information.window), (148, information.unsent), (228, information.peerWindow),
    ]
    for (offset, value) in words {
      bytes.put(UInt32(truncatingIfNeeded: value), at: offset)
    }
    return bytes
  }

  private static func microseconds(_ time: Nanoseconds) -> Int { Int(time.count / 1000) }

  /// The states as Linux numbers them (`TCP_ESTABLISHED` is 1).
  static func number(of state: ConnectionState) -> UInt8 {
    switch state {
    case .established: 1
    case .synSent: 2
    case .synReceived: 3
    case .finWait1: 4
    case .finWait2: 5
    case .timeWait: 6
    case .closed: 7
    case .closeWait: 8
    case .lastAck: 9
    case .closing: 11
    }
  }
}
