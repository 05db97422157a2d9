// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// One end of TCP as `/proc/net/tcp` shows it.
public struct TCPEntry {
  public var local: Endpoint
  public var remote: Endpoint
  /// Nil for a listener.
  public var state: ConnectionState?
  /// Bytes not acknowledged, and bytes, or connections, that the program has not taken.
  public var sendCount = 0
  public var receiveCount = 0
  /// When TIME-WAIT is over.
  public var deadline = Instant.never
  /// Whose it is; nil when no program has it.
  public var observer: (any TCPObserver)?
}

extension TCP {
  /// Calls `body` with each listener and each connection in any state, in no order. It must not
  /// change anything.
  public func forEach(_ body: (TCPEntry) -> Void) {
    for first in listeners {
      var next = first
      while let listener = next {
        next = listener.next
        var entry = TCPEntry(
          local: listener.local, remote: Endpoint(listener.local.address.anyOfSameFamily, 0),
          state: nil)
        entry.receiveCount = listener.readyCount
        entry.sendCount = listener.backlog
        entry.observer = listener.observer
        body(entry)
      }
    }
    table.forEach { record in
      let tuple = record.value.tuple
      var entry = TCPEntry(local: tuple.local, remote: tuple.remote, state: .closed)
      switch record.value.kind {
      case .free: return
      case .halfOpen: entry.state = .synReceived
      case .timeWait:
        entry.state = .timeWait
        entry.deadline = record.value.timeWait.deadline
      case .connection:
        guard let connection = record.value.connection else { return }
        entry.state = connection.state
        entry.sendCount = connection.unacknowledgedByteCount
        entry.receiveCount = connection.readableByteCount
        entry.observer = connection.observer
      }
      body(entry)
    }
  }
}

extension IPAddress {
  fileprivate var anyOfSameFamily: IPAddress {
    isIPv4 ? IPAddress(IPv4Address.any) : IPAddress(IPv6Address.any)
  }
}
