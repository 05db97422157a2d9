// SPDX-License-Identifier: BSD-3-Clause

import DNSCore
import Martlet

/// Serves one zone over UDP and TCP.
@main
struct NameServer {
  static func main() throws(NetworkError) {
    let options = Options.read()
    let responder = Responder(load(options))
    let listener = try TCPListener(port: options.port)
    let socket = try UDPSocket(port: options.port)
    let streams = StreamServer(responder)
    Thread.start(with: listener) { streams.serve($0) }
    var datagrams = DatagramServer(responder, socket, answersPerSecond: options.rate)
    datagrams.serve()
  }

  /// Reads the zone, says what of it is left out, and ends when it cannot be served.
  private static func load(_ options: Options) -> Zone {
    var parser = ZoneParser(options.zone, origin: options.origin)
    let zone: Zone
    do throws(ZoneError) {
      zone = try parser.parse()
    } catch {
      say("dns: zone:", error)
      Program.end(status: 2)
    }
    for warning in parser.warnings { say("dns: zone:", warning) }
    var text: [UInt8] = []
    zone.origin.appendText(to: &text)
    text.append(0x0a)
    Console.output.write("serving ")
    Console.output.write(RawSpan(_elements: text.span))
    return zone
  }

  private static func say(_ prefix: StaticString, _ error: ZoneError) {
    var text: [UInt8] = []
    error.appendText(to: &text)
    text.append(0x0a)
    Console.errors.write(prefix)
    Console.errors.write(RawSpan(_elements: text.span))
  }
}
