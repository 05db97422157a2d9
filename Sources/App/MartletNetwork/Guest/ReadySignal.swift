// SPDX-License-Identifier: BSD-3-Clause

/// Lets another thread, a timer or a request to end speak up in a ready list.
///
/// ```swift
/// import Martlet
///
/// let list = ReadyList()
/// let end = ReadySignal(on: list, as: 1)
/// Shutdown.whenRequested { end.signal() }
/// while let token = list.next(), token != 1 || !Shutdown.isRequested {}
/// ```
public final class ReadySignal {
  private let source = ReadySource()

  /// - Parameter token: what `next` of the list gives after a signal, and perhaps once before.
  public init(on list: ReadyList, as token: Int) {
    source.announce(on: list, as: token)
  }

  /// Has the list tell the token; signals that it has not told yet are one.
  public func signal() { source.signal() }

  deinit { source.withdraw() }
}
