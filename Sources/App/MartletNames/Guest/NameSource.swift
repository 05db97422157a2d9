// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import MartletNetwork
import MartletTime
import NativeNetwork
import NetworkHost
import NetworkStack
import Random
import ResolverConfiguration
import StubResolver

/// The machine's name servers.
enum NameSource {
  private static let port: UInt16 = 53

  static func addresses(
    of text: [UInt8], until deadline: Instant
  ) throws(NameError) -> [IPAddress] {
    guard let host = NativeNetwork.host else { throw .noNetwork }
    guard let name = DomainName(text: text) else { throw .invalid }
    let resolver = host.resolver
    var lookup = NameLookup(
      names: candidates(name, text, resolver.domains), servers: resolver.nameServers,
      random: { RandomSource.next() })
    var exchange = Exchange()
    while true {
      let now = Time.now()
      guard now < deadline else { throw .timedOut }
      switch lookup.step(at: now) {
      case .ask(let message):
        if !exchange.ask(message, of: Endpoint(lookup.server, port)) { lookup.serverFailed() }
      case .askByStream(let message):
        let latest = min(deadline, now + Nanoseconds(seconds: 4))
        if let answer = askByStream(message, of: Endpoint(lookup.server, port), until: latest) {
          lookup.receive(RawSpan(_elements: answer.span), byStream: true)
        } else {
          lookup.serverFailed()
        }
      case .wait(let latest):
        switch exchange.receive(until: min(latest, deadline)) {
        case .message(let answer): lookup.receive(RawSpan(_elements: answer.span))
        case .failed: lookup.serverFailed()
        case .nothing: break
        }
      case .found(let addresses): return sorted(addresses, host)
      case .failed(let error): throw NameError(error)
      }
    }
  }

  /// The name itself and in the machine's domains: with a dot in it itself first, with one at its
  /// end nothing else (resolv.conf(5), `ndots`).
  private static func candidates(
    _ name: DomainName, _ text: [UInt8], _ domains: [[UInt8]]
  ) -> [DomainName] {
    guard text.last != UInt8(ascii: ".") else { return [name] }
    var others: [DomainName] = []
    for domain in domains {
      if let domain = DomainName(text: domain), let other = name.appending(domain) {
        others.append(other)
      }
    }
    return text.contains(UInt8(ascii: ".")) ? [name] + others : others + [name]
  }

  /// Those to which a way leads come first.
  private static func sorted(_ addresses: [IPAddress], _ host: NetworkHost) -> [IPAddress] {
    let reached = addresses.filter { host.stack.sourceAddress(to: $0) != nil }
    return reached + addresses.filter { host.stack.sourceAddress(to: $0) == nil }
  }

  private static func askByStream(
    _ message: [UInt8], of server: Endpoint, until deadline: Instant
  ) -> [UInt8]? {
    do throws(NetworkError) {
      var connection = try TCPConnection(to: server, deadline: deadline)
      let length = [UInt8(message.count >> 8), UInt8(truncatingIfNeeded: message.count)]
      try connection.write((length + message)[...], deadline: deadline)
      guard let head = try read(2, &connection, deadline) else { return nil }
      return try read(Int(head[0]) << 8 | Int(head[1]), &connection, deadline)
    } catch { return nil }
  }

  private static func read(
    _ count: Int, _ connection: inout TCPConnection, _ deadline: Instant
  ) throws(NetworkError) -> [UInt8]? {
    var result: [UInt8] = []
    while result.count < count {
      var part = [UInt8](repeating: 0, count: count - result.count)
      let got = try connection.read(into: &part, deadline: deadline)
      guard got > 0 else { return nil }
      result += part[..<got]
    }
    return result
  }
}

/// The exchange with one server: a socket that takes nothing from others, with a port of its own.
private struct Exchange: ~Copyable {
  enum Event {
    case message([UInt8])
    case failed
    case nothing
  }

  private var socket: UDPSocket?
  private var server: Endpoint?
  private var buffer = [UInt8](repeating: 0, count: NameQuery.answerByteCount)

  mutating func ask(_ message: [UInt8], of server: Endpoint) -> Bool {
    do throws(NetworkError) {
      if self.server != server {
        socket = nil
        socket = try UDPSocket(to: server)
        self.server = server
      }
      try socket?.send(message[...])
      return true
    } catch {
      self.server = nil
      return false
    }
  }

  mutating func receive(until deadline: Instant) -> Event {
    do throws(NetworkError) {
      guard let count = try socket?.receive(into: &buffer, deadline: deadline).count else {
        return .failed
      }
      return .message(Array(buffer[..<count]))
    } catch { return error == .timedOut ? .nothing : .failed }
  }
}

extension NameError {
  init(_ error: NameLookupError) {
    switch error {
    case .noServer: self = .noServer
    case .notFound: self = .notFound
    case .failed: self = .failed
    case .timedOut: self = .timedOut
    }
  }
}
