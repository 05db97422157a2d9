// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Internet
import NetworkHost
import NetworkStack
import TCP
import UDP
import VFS

/// The files of `/proc/net` that count.
enum CounterTexts {
  private struct TCPCount {
    var established: UInt64 = 0
    var inUse: UInt64 = 0
    var allocated: UInt64 = 0
  }

  private static func count(_ host: NetworkHost, isVersion6: Bool) -> TCPCount {
    var result = TCPCount()
    host.tcp.forEach { entry in
      if entry.state == .established || entry.state == .closeWait { result.established += 1 }
      guard entry.state != .timeWait else { return }
      result.allocated += 1
      if entry.isVersion6 == isVersion6 { result.inUse += 1 }
    }
    return result
  }

  private static func datagramCount(_ host: NetworkHost, isVersion6: Bool) -> UInt64 {
    var count: UInt64 = 0
    host.stack.udp.forEach { if $0.isIPv6 == isVersion6 { count += 1 } }
    return count
  }

  static func sockets(_ host: NetworkHost?, to text: inout TextBuilder) {
    let tcp = host.map { count($0, isVersion6: false) } ?? TCPCount()
    let udp = host.map { datagramCount($0, isVersion6: false) } ?? 0
    text.append("sockets: used ")
    text.append(decimal: tcp.allocated + udp)
    text.append("\nTCP: inuse ")
    text.append(decimal: tcp.inUse)
    text.append(" orphan 0 tw ")
    text.append(decimal: host?.tcp.timeWaitCount ?? 0)
    text.append(" alloc ")
    text.append(decimal: tcp.allocated)
    text.append(" mem 0\nUDP: inuse ")
    text.append(decimal: udp)
    text.append(" mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n")
  }

  static func sockets6(_ host: NetworkHost?, to text: inout TextBuilder) {
    text.append("TCP6: inuse ")
    text.append(decimal: host.map { count($0, isVersion6: true).inUse } ?? 0)
    text.append("\nUDP6: inuse ")
    text.append(decimal: host.map { datagramCount($0, isVersion6: true) } ?? 0)
    text.append("\nUDPLITE6: inuse 0\nRAW6: inuse 0\nFRAG6: inuse 0 memory 0\n")
  }

  /// `/proc/net/snmp`: RFC 4293 and its kin.
  static func counters(_ host: NetworkHost, to text: inout TextBuilder) {
    let counters = host.stack.counters
    let all = [
      counters.received, counters.headerErrors, counters.addressErrors, 0,
      counters.unknownProtocols, counters.discarded, counters.delivered, counters.sent, 0,
      counters.noRoutes, 0, 0, counters.reassembled, counters.reassemblyFailures, 0, 0,
      counters.fragmentsMade,
    ]
    text.append(
      "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\nIp: 2 64"
    )
    text.append(row: all.map { UInt64($0) })
    text.append(
      "Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps\nIcmp:"
    )
    var messages = [UInt64](repeating: 0, count: 29)
    messages[0] = UInt64(counters.icmpReceived)
    messages[14] = UInt64(counters.icmpSent)
    text.append(row: messages)
    let tcp = host.tcp.counters
    text.append(
      "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\nTcp: 1 200 120000 -1"
    )
    text.append(row: [
      tcp.activeOpens, tcp.passiveOpens, 0, 0,
      count(host, isVersion6: false).established, tcp.received, tcp.sent, tcp.retransmitted,
      tcp.malformed, tcp.resetsSent, 0,
    ])
    text.append(
      "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors\nUdp: 0 0"
    )
    text.append(row: [UInt64(host.stack.udp.badCount), 0, 0, 0, 0, 0, 0])
    text.append(
      "UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors\nUdpLite: 0 0 0 0 0 0 0 0 0\n"
    )
  }

  /// `/proc/net/netstat`
  static func moreCounters(_ host: NetworkHost, to text: inout TextBuilder) {
    let tcp = host.tcp.counters
    text.append(
      "TcpExt: SyncookiesSent SyncookiesRecv SyncookiesFailed PAWSEstab ListenOverflows ListenDrops TCPHPHits TCPTimeouts TCPChallengeACK TCPRcvQDrop\nTcpExt:"
    )
    text.append(row: [
      tcp.cookiesSent, tcp.cookiesTaken, 0, tcp.oldTimestamps, tcp.listenOverflows,
      tcp.listenOverflows, tcp.predicted, tcp.timeouts, tcp.challenges, tcp.memoryDrops,
    ])
    let counters = HostInterface.all(host).last?.counters(of: host)
    text.append("IpExt: InNoRoutes InTruncatedPkts InOctets OutOctets\nIpExt: 0 0")
    text.append(row: [counters?.receivedBytes ?? 0, counters?.sentBytes ?? 0])
  }
}
