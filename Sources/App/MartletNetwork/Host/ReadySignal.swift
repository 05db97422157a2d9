// SPDX-License-Identifier: BSD-3-Clause

import Machine

/// Lets another thread, a timer or a request to end speak up in a ready list (see the sibling for
/// the guest).
public final class ReadySignal {
  private let socket: HostSocket

  /// - Parameter token: what `next` of the list gives after a signal, and perhaps once before.
  public init(on list: ReadyList, as token: Int) {
    socket = HostSocket.event()
    list.readiness.add(socket, token: token)
  }

  /// Has the list tell the token; signals that it has not told yet are one.
  public func signal() { socket.raise() }

  deinit { socket.close() }
}
