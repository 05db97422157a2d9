// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Clock
import LinuxSockets
import NetworkHost
import NetworkStack
import TCP
import UDP
import VFS

/// The files of `/proc/net` that list sockets (`proc(5)`).
enum SocketTexts {
  // MARK: TCP

  static func tcp(_ host: NetworkHost?, isVersion6: Bool, to text: inout TextBuilder) {
    text.append(
      isVersion6
        ? "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        : "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    )
    if !isVersion6 { end(line: &text, width: 149) }
    guard let host else { return }
    var index = 0
    var lines = TextBuilder()
    // Listeners first, as Linux has them.
    for isListening in [true, false] {
      host.tcp.forEach { entry in
        guard entry.isVersion6 == isVersion6, (entry.state == nil) == isListening else { return }
        line(entry, index, isVersion6: isVersion6, to: &lines)
        index += 1
      }
    }
    text.append(lines.bytes)
  }

  private static func end(line text: inout TextBuilder, width: Int) {
    text.pad(to: width)
    text.endLine()
  }

  /// `TCP_ESTABLISHED`, …
  private static func number(of state: ConnectionState?) -> UInt64 {
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
    case nil: 10
    case .closing: 11
    }
  }

  private static func line(
    _ entry: TCPEntry, _ index: Int, isVersion6: Bool, to text: inout TextBuilder
  ) {
    text.append(decimal: UInt64(index), width: 4)
    ends(
      entry.local, entry.remote, number(of: entry.state),
      sent: entry.state == nil ? 0 : entry.sendCount, received: entry.receiveCount,
      isVersion6: isVersion6, to: &text)
    var ticks: UInt64 = 0
    if entry.deadline != .never {
      ticks = UInt64(max(0, (entry.deadline - Clock.now()).count)) / 10_000_000
    }
    text.append(entry.state == .timeWait ? " 03:" : " 00:")
    text.append(capitals: ticks, digits: 8)
    text.append(" 00000000     0        0 ")
    let number = (entry.observer as? Socket)?.node.number ?? 0
    text.append(decimal: number)
    text.append(" 1 0000000000000000 100 0 0 10 0")
    end(line: &text, width: isVersion6 ? 0 : 149)
  }

  private static func ends(
    _ local: Endpoint, _ remote: Endpoint, _ state: UInt64, sent: Int, received: Int,
    isVersion6: Bool, to text: inout TextBuilder
  ) {
    text.append(": ")
    text.append(local, isVersion6: isVersion6)
    text.append(" ")
    text.append(remote, isVersion6: isVersion6)
    text.append(" ")
    text.append(capitals: state, digits: 2)
    text.append(" ")
    text.append(capitals: UInt64(sent), digits: 8)
    text.append(":")
    text.append(capitals: UInt64(received), digits: 8)
  }

  // MARK: UDP

  static func udp(_ host: NetworkHost?, isVersion6: Bool, to text: inout TextBuilder) {
    text.append(
      isVersion6
        ? "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
        : "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"
    )
    if !isVersion6 { end(line: &text, width: 127) }
    guard let host else { return }
    var lines = TextBuilder()
    host.stack.udp.forEach { endpoint in
      guard endpoint.isIPv6 == isVersion6 else { return }
      let any = isVersion6 ? IPAddress(IPv6Address.any) : IPAddress(IPv4Address.any)
      lines.append(decimal: UInt64(endpoint.local.port), width: 5)
      ends(
        endpoint.local, endpoint.remote ?? Endpoint(any, 0), endpoint.remote == nil ? 7 : 1,
        sent: 0, received: endpoint.nextByteCount ?? 0, isVersion6: isVersion6, to: &lines)
      lines.append(" 00:00000000 00000000     0        0 ")
      lines.append(decimal: (endpoint.observer as? Socket)?.node.number ?? 0)
      lines.append(" 2 0000000000000000 ")
      lines.append(decimal: endpoint.dropCount)
      end(line: &lines, width: isVersion6 ? 0 : 127)
    }
    text.append(lines.bytes)
  }

  // MARK: Local sockets

  static func local(to text: inout TextBuilder) {
    text.append("Num       RefCount Protocol Flags    Type St Inode Path\n")
    var lines = TextBuilder()
    LocalSocketEntry.forEach { entry in
      lines.append("0000000000000000: 00000002 00000000 ")
      lines.append(entry.isListening ? "00010000 " : "00000000 ")
      lines.append(capitals: UInt64(entry.type), digits: 4)
      lines.append(entry.isConnected ? (entry.isAccepted ? " 03 " : " 02 ") : " 01 ")
      lines.append(decimal: entry.number, width: 5)
      if !entry.name.isEmpty { lines.append(" ") }
      for byte in entry.name { lines.append(byte: byte == 0 ? UInt8(ascii: "@") : byte) }
      lines.endLine()
    }
    text.append(lines.bytes)
  }

  // MARK: Netlink

  /// A line for the kernel's own end of each protocol, and one for each socket that has a port.
  static func netlink(to text: inout TextBuilder) {
    text.append(
      "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n")
    for protocolNumber in [NetlinkSocket.route, NetlinkSocket.events] {
      netlink(protocolNumber, port: 0, groups: 0, waiting: 0, node: 0, to: &text)
      for socket in NetlinkSocket.all where socket.protocolNumber == protocolNumber {
        netlink(
          protocolNumber, port: socket.port, groups: socket.groups[0], waiting: socket.byteCount,
          node: socket.node.number, to: &text)
      }
    }
  }

  private static func netlink(
    _ protocolNumber: Int32, port: UInt32, groups: UInt32, waiting: Int, node: UInt64,
    to text: inout TextBuilder
  ) {
    var line = TextBuilder()
    line.append("0000000000000000 ")
    line.append(decimal: protocolNumber)
    line.pad(to: 21)
    line.append(decimal: UInt64(port))
    line.pad(to: 32)
    line.append(hexadecimal: UInt64(groups), digits: 8)
    line.append(" ")
    line.append(decimal: waiting)
    line.pad(to: 50)
    line.append("0        0     2        0        ")
    line.append(decimal: node)
    line.pad(to: 91)
    line.endLine()
    text.append(line.bytes)
  }
}
