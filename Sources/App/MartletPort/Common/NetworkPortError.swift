// SPDX-License-Identifier: BSD-3-Clause

/// Why a port cannot be used.
public enum NetworkPortError: Error, Sendable {
  /// The machine has no card of that number; `martlet run --net …` gives it one.
  case noSuchPort
  /// The card is in use already: by another `NetworkPort`, or by the network of `TCPListener`.
  case inUse
  /// There is no memory for its buffers.
  case noMemory
  /// The card does not work as its specification says.
  case broken
  /// An ordinary process has no card of its own: the application has to run as an image.
  case needsImage
}
