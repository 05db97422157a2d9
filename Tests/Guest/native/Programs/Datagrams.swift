// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// Exchanges datagrams with itself, in both versions of IP.
@main
struct Datagrams {
  static func main() {
    do throws(NetworkError) { try run() } catch { say("failed"); tell(error) }
  }
  static func say(_ text: StaticString) { Console.output.write(text); Console.output.write("\n") }
  static func claim(_ name: StaticString, _ holds: Bool) {
    Console.output.write(name)
    Console.output.write(holds ? " yes\n" : " NO\n")
  }
  static func tell(_ error: NetworkError) {
    switch error {
    case .timedOut: say("timedOut")
    case .refused: say("refused")
    case .reset: say("reset")
    case .unreachable: say("unreachable")
    case .writingEnded: say("writingEnded")
    case .addressInUse: say("addressInUse")
    case .noMemory: say("noMemory")
    case .tooLong: say("tooLong")
    case .invalid: say("invalid")
    case .noNetwork: say("noNetwork")
    }
  }
  static func attempt(_ name: StaticString, _ body: () throws(NetworkError) -> Void) {
    Console.output.write(name)
    Console.output.write(": ")
    do throws(NetworkError) {
      try body()
      say("done")
    } catch { tell(error) }
  }

  static func run() throws(NetworkError) {
    var server = try UDPSocket(port: 5353)
    let loop4 = Endpoint(IPAddress(IPv4Address.loopback), 5353)
    let loop6 = Endpoint(IPAddress(IPv6Address.loopback), 5353)
    claim("port is as asked", server.local.port == 5353)
    claim("no peer", server.remote == nil)
    attempt("port taken") { () throws(NetworkError) in _ = try UDPSocket(port: 5353) }
    attempt("foreign address") { () throws(NetworkError) in
      _ = try UDPSocket(port: 0, address: IPAddress(IPv4Address(192, 0, 2, 1)))
    }
    attempt("peer at port 0") { () throws(NetworkError) in
      _ = try UDPSocket(to: Endpoint(IPAddress(IPv4Address.loopback), 0))
    }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    for (index, target) in [loop4, loop6].enumerated() {
      var client = try UDPSocket()
      claim("free port", client.local.port != 0)
      try client.send("hello", to: target)
      let (count, from) = try server.receive(into: &buffer)
      claim("count", count == 5 && buffer[0] == 0x68)
      claim("from", from == Endpoint(target.address, client.local.port))
      claim("version", from.address.isIPv4 == (index == 0))
      try server.send(buffer[..<count], to: from)
      claim("answer", try client.receive(into: &buffer).from == target)
      try client.send("", to: target)
      claim("empty", try server.receive(into: &buffer).count == 0)
      var long = [UInt8](repeating: 0x61, count: 65_507)
      long[65_506] = 0x62
      try client.send(long[...], to: target)
      claim("longest", try server.receive(into: &buffer).count == 65_507 && buffer[65_506] == 0x62)
      attempt("too long") { () throws(NetworkError) in
        try client.send([UInt8](repeating: 0, count: 65_528)[...], to: target)
      }
      try client.send("abcdef", to: target)
      var few = [UInt8](repeating: 0, count: 3)
      claim("cut", try server.receive(into: &few).count == 3 && few[2] == 0x63)
      let late = Time.now() + .milliseconds(20)
      attempt("nothing comes") { () throws(NetworkError) in
        _ = try server.receive(into: &few, deadline: late)
      }
      claim("not before", Time.now() >= late)
      attempt("no peer to send to") { () throws(NetworkError) in try client.send("x") }
      attempt("port 0") { () throws(NetworkError) in
        try client.send("x", to: Endpoint(target.address, 0))
      }

      var peer = try UDPSocket(to: target)
      claim("peer", peer.remote == target && peer.local.address == target.address)
      try peer.send("ping")
      let (_, source) = try server.receive(into: &buffer)
      claim("from peer", source == peer.local)
      var stranger = try UDPSocket()
      try stranger.send("spam", to: source)
      try server.send("pong", to: source)
      claim("only the peer", try peer.receive(into: &buffer).count == 4 && buffer[0] == 0x70)
      var deaf = try UDPSocket(to: Endpoint(target.address, 9))
      try deaf.send("x")
      attempt("nobody listens") { () throws(NetworkError) in _ = try deaf.receive(into: &few) }
    }
    attempt("other thread") { () throws(NetworkError) in
      let port = server.local.port
      Thread.start {
        if var socket = try? UDPSocket() {
          try? socket.send("late", to: Endpoint(IPAddress(IPv4Address.loopback), port))
        }
      }
      claim("wakes", try server.receive(into: &buffer).count == 4)
    }
  }
}
