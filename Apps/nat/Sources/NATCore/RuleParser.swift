// SPDX-License-Identifier: BSD-3-Clause

import Addresses

/// Reads a rule file; README.md describes its lines.
public struct RuleParser {
  private var inside: IPv4Prefix?
  private var outside: IPv4Prefix?
  private var gateway: IPv4Address?
  private var forwards: [PortForward] = []
  private var rules: [FirewallRule] = []
  private var fallback: RuleAction?
  private var timeouts = Timeouts()
  private var sessionLimit: Int?

  private init() {}

  /// Reads a whole file.
  ///
  /// - Throws: the first error, with its line and column.
  public static func parse(_ text: [UInt8]) throws(RuleError) -> Settings {
    var parser = RuleParser()
    var number = 1
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: 0x0a) ?? text.count
      var line = try RuleLine(text[start..<end], number: number)
      if !line.isAtEnd { try parser.statement(&line) }
      start = end + 1
      number += 1
    }
    return try parser.settings(atLine: number)
  }

  private mutating func statement(_ line: inout RuleLine) throws(RuleError) {
    if line.take("inside") {
      inside = try network(instead: inside, &line)
      try line.expectEnd()
    } else if line.take("outside") {
      outside = try network(instead: outside, &line)
      if !line.isAtEnd {
        guard line.take("gateway") else { throw line.error(.expectedGatewayOrEnd) }
        try readGateway(&line)
      }
    } else if line.take("forward") {
      try forward(&line)
    } else if line.take("accept") {
      try rule(.accept, &line)
    } else if line.take("drop") {
      try rule(.drop, &line)
    } else if line.take("reject") {
      try rule(.reject, &line)
    } else if line.take("otherwise") {
      try otherwise(&line)
    } else if line.take("timeout") {
      try timeout(&line)
    } else if line.take("sessions") {
      guard sessionLimit == nil else { throw line.error(.repeatedStatement) }
      sessionLimit = try line.number(in: 1...Settings.largestSessionLimit, .notCount)
      try line.expectEnd()
    } else {
      throw line.error(.unknownStatement)
    }
  }

  /// `inside ADDRESS/LENGTH`
  private func network(
    instead other: IPv4Prefix?, _ line: inout RuleLine
  ) throws(RuleError) -> IPv4Prefix {
    guard other == nil else { throw line.error(.repeatedStatement) }
    let (prefix, word) = try line.prefix()
    guard prefix.length >= 8, prefix.length <= 30 else { throw line.error(.badLength, at: word) }
    guard Self.isHost(prefix.address, of: prefix) else { throw line.error(.notHost, at: word) }
    if let inside, inside.contains(prefix.address) || prefix.contains(inside.address) {
      throw line.error(.overlap, at: word)
    }
    if let outside, outside.contains(prefix.address) || prefix.contains(outside.address) {
      throw line.error(.overlap, at: word)
    }
    return prefix
  }

  /// Whether a station of the network may have the address.
  private static func isHost(_ address: IPv4Address, of network: IPv4Prefix) -> Bool {
    address.isUnicast && !address.isLoopback && network.contains(address)
      && address != network.network && address != network.broadcast
  }

  /// `outside ADDRESS/LENGTH gateway ADDRESS`
  private mutating func readGateway(_ line: inout RuleLine) throws(RuleError) {
    let (address, word) = try line.address()
    if let outside {
      guard Self.isHost(address, of: outside), address != outside.address else {
        throw line.error(.gatewayNotOutside, at: word)
      }
    }
    gateway = address
    try line.expectEnd()
  }

  /// `forward tcp|udp PORT to ADDRESS [port PORT]`
  private mutating func forward(_ line: inout RuleLine) throws(RuleError) {
    let transport: RuleProtocol
    if line.take("tcp") {
      transport = .tcp
    } else if line.take("udp") {
      transport = .udp
    } else {
      throw line.error(.notTransport)
    }
    let start = line
    let port = UInt16(try line.number(in: 1...65_535, .notPort))
    if forwards.contains(where: { $0.transport == transport && $0.port == port }) {
      throw start.error(.repeatedPort)
    }
    guard line.take("to") else { throw line.error(.expectedTo) }
    let (target, word) = try line.address()
    guard let inside else { throw line.error(.noInside, at: word) }
    guard Self.isHost(target, of: inside), target != inside.address else {
      throw line.error(.targetNotInside, at: word)
    }
    var targetPort = port
    if line.take("port") { targetPort = UInt16(try line.number(in: 1...65_535, .notPort)) }
    let isRepeated = forwards.contains {
      $0.transport == transport && $0.target == target && $0.targetPort == targetPort
    }
    if isRepeated { throw line.error(.repeatedTarget, at: word) }
    try line.expectEnd()
    forwards.append(PortForward(transport, port: port, to: target, targetPort: targetPort))
  }

  /// `accept|drop|reject [inside|outside] [tcp|udp|icmp] [from NET [port PORTS]]
  /// [to NET [port PORTS]]`
  private mutating func rule(_ action: RuleAction, _ line: inout RuleLine) throws(RuleError) {
    var rule = FirewallRule(action)
    rule.line = line.number
    if line.take("inside") {
      rule.side = .inside
    } else if line.take("outside") {
      rule.side = .outside
    }
    if line.take("tcp") {
      rule.transport = .tcp
    } else if line.take("udp") {
      rule.transport = .udp
    } else if line.take("icmp") {
      rule.transport = .icmp
    }
    if line.take("from") {
      rule.source = try line.network()
      rule.sourcePorts = try ports(rule, &line)
    }
    if line.take("to") {
      rule.target = try line.network()
      rule.targetPorts = try ports(rule, &line)
    }
    try line.expectEnd(.expectedCondition)
    rules.append(rule)
  }

  private func ports(
    _ rule: FirewallRule, _ line: inout RuleLine
  ) throws(RuleError) -> PortRange {
    let start = line
    guard line.take("port") else { return .all }
    if rule.transport == .icmp { throw start.error(.portOfICMP) }
    return try line.ports()
  }

  /// `otherwise accept|drop|reject`
  private mutating func otherwise(_ line: inout RuleLine) throws(RuleError) {
    guard fallback == nil else { throw line.error(.repeatedStatement) }
    if line.take("accept") {
      fallback = .accept
    } else if line.take("drop") {
      fallback = .drop
    } else if line.take("reject") {
      fallback = .reject
    } else {
      throw line.error(.notAction)
    }
    try line.expectEnd()
  }

  /// `timeout established|transitory|udp|icmp SECONDS`
  private mutating func timeout(_ line: inout RuleLine) throws(RuleError) {
    let kind = try line.word(.notTimeout)
    let seconds = UInt32(try line.number(in: 1...1_000_000, .notSeconds))
    if kind.holds("established") {
      timeouts.established = seconds
    } else if kind.holds("transitory") {
      timeouts.transitory = seconds
    } else if kind.holds("udp") {
      timeouts.udp = seconds
    } else if kind.holds("icmp") {
      timeouts.icmp = seconds
    } else {
      throw line.error(.notTimeout, at: kind)
    }
    try line.expectEnd()
  }

  private func settings(atLine line: Int) throws(RuleError) -> Settings {
    guard let inside else { throw RuleError(.noInside, line: line, column: 1) }
    guard let outside else { throw RuleError(.noOutside, line: line, column: 1) }
    var settings = Settings(inside: inside, outside: outside, gateway: gateway)
    settings.forwards = forwards
    settings.rules = rules
    settings.fallback = fallback ?? .drop
    settings.timeouts = timeouts
    settings.sessionLimit = sessionLimit ?? settings.sessionLimit
    return settings
  }
}
