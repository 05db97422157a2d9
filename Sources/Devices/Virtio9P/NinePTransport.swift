// SPDX-License-Identifier: BSD-3-Clause

import Base

/// A way to a 9P server: what a file system needs of a driver.
public protocol NinePTransport: AnyObject {
  /// The most contents that one message carries, in bytes.
  var dataByteLimit: Int { get }

  /// Takes an exchange, waiting until there is one.
  ///
  /// - Parameters:
  ///   - hasData: whether it needs memory for contents.
  ///   - patience: whether others may run meanwhile.
  /// - Throws: `outOfMemory`; `inputOutput` when the device has failed.
  func take(hasData: Bool, _ patience: NinePPatience) throws(SystemError) -> NinePExchange

  /// Takes an exchange without memory for contents if there is one at once.
  func takeAtOnce() -> NinePExchange?

  /// Sends the request and waits for the reply.
  ///
  /// - Parameters:
  ///   - sending: how many bytes of contents follow the request.
  ///   - receiving: how many bytes of contents may follow the reply; 0 for a reply without.
  /// - Throws: `inputOutput` when the device fails; what the reply says is not looked at.
  func perform(
    _ exchange: NinePExchange, sending: Int, receiving: Int, _ patience: NinePPatience
  ) throws(SystemError)

  /// Sends the request; the exchange is released when the reply has come.
  func post(_ exchange: NinePExchange)

  /// Gives an exchange back.
  func release(_ exchange: NinePExchange)
}

/// What the kernel does while it waits for a server.
public enum NinePPatience: Sendable {
  /// Other threads run.
  case blocks
  /// Nobody else runs: the caller is in the middle of something that others must not see.
  case polls
}
