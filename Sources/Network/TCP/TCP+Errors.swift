// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import TimerWheel

/// What ICMP tells (RFC 9293 section 3.9.2.2, RFC 5927), and memory that ran short.
extension TCP {
  /// Whether an ICMP error stands for ever.
  public enum UnreachableKind: Sendable {
    /// Codes 0, 1, 5 and such: networks come back (MUST-56).
    case soft
    /// Protocol or port unreachable, or forbidden: nobody is there.
    case hard
  }

  /// An ICMP message says that a segment of ours did not arrive.
  ///
  /// - Parameter quoted: the first bytes of that segment's TCP header, eight at least.
  public func unreachable(
    _ kind: UnreachableKind, from local: IPAddress, to remote: IPAddress, quoted: RawSpan,
    now: Instant
  ) {
    guard let connection = findQuoted(local, remote, quoted) else { return }
    switch (kind, connection.state) {
    case (.hard, .synSent), (.hard, .synReceived):
      connection.end(.refused)
      connection.notify()
    default:
      // Not reason enough to give up what lives (RFC 5461 section 4.1); it is told if it dies.
      connection.softError = kind == .hard ? .refused : .unreachable
    }
  }

  /// The path to `remote` takes packets of `mtu` bytes at most: ICMP "fragmentation needed" or
  /// "packet too big" about a segment of ours (RFC 1191, RFC 8201).
  public func packetTooBig(
    mtu: Int, from local: IPAddress, to remote: IPAddress, quoted: RawSpan, now: Instant
  ) {
    guard let connection = findQuoted(local, remote, quoted) else { return }
    connection.pathNarrowed(to: mtu, now: now)
  }

  /// Whether an error can be about a segment of ours: it quotes one that is outstanding.
  public func recognizes(from local: IPAddress, to remote: IPAddress, quoted: RawSpan) -> Bool {
    findQuoted(local, remote, quoted) != nil
  }

  /// The connection that a quoted header belongs to, if the number in it is outstanding: others may
  /// be forged (RFC 5927 section 4.1).
  private func findQuoted(_ local: IPAddress, _ remote: IPAddress, _ quoted: RawSpan)
    -> Connection?
  {
    guard quoted.byteCount >= 8 else { return nil }
    let tuple = ConnectionTuple(
      local: Endpoint(local, quoted.bigEndian(at: 0)),
      remote: Endpoint(remote, quoted.bigEndian(at: 2)))
    guard let connection = table.find(tuple)?.value.connection else { return nil }
    let number = SequenceNumber(quoted.bigEndian(at: 4))
    guard connection.sender.unacknowledged <= number, number < connection.sender.next else {
      return nil
    }
    return connection
  }

  /// Makes room when too much came out of order: all of it is dropped and comes again. Others could
  /// hold it for ever.
  func abandonReassemblies() {
    table.forEach { record in
      if record.value.kind == .connection { record.value.connection?.abandonReassembly() }
    }
  }

  /// A connection has room but the pool has none: it is told when that may have changed.
  func waitForMemory(_ connection: Connection, now: Instant) {
    connection.awaitsRoom = true
    connection.awaitsMemory = true
    // It may still be listed from the last time.
    if connection.isListedForMemory { return }
    connection.isListedForMemory = true
    memoryWaiters.append(connection)
    let time = now + .milliseconds(10)
    if !memoryAlarm.isPending { wheel.insert(memoryAlarm, at: time) }
  }

  /// Tells those who wait for buffers and may have some.
  func tellMemoryWaiters(now: Instant) {
    let waiters = memoryWaiters
    memoryWaiters.removeAll()
    for connection in waiters {
      connection.isListedForMemory = false
      guard connection.awaitsMemory else { continue }
      if connection.state.takesData, !maySend(keeping: connection.sender.queue.count) {
        connection.isListedForMemory = true
        memoryWaiters.append(connection)
        continue
      }
      connection.awaitsMemory = false
      connection.awaitsRoom = false
      connection.note(.writable)
      connection.notify()
    }
    if !memoryWaiters.isEmpty { wheel.insert(memoryAlarm, at: now + .milliseconds(10)) }
  }
}

extension Connection {
  /// Sends smaller segments from now on, and again what was too large (RFC 1191 section 6.4).
  func pathNarrowed(to mtu: Int, now: Instant) {
    // Smaller than every path must take is forged or of no use (RFC 1191 section 3, RFC 8200
    // section 5).
    let least = tuple.remote.address.isIPv4 ? 552 : 1280
    let size = max(mtu, least)
    guard size < path.mtu else { return }
    path.mtu = size
    guard state.isSynchronized, state != .timeWait else { return }
    let before = sender.segmentSize
    setSegmentSize(peer: peerSegmentSize)
    guard sender.segmentSize < before else { return }
    sender.everythingIsLost()
    output(now: now)
  }
}
