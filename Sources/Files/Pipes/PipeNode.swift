// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import VFS

/// The node of a pipe that has no name.
final class PipeNode: Node {
  /// The device of pipes (`pipefs`).
  private static let device: UInt64 = 0xc

  init() {
    super.init(
      number: AnonymousNode.number(), deviceNumber: Self.device, kind: .fifo,
      permissionBits: 0o600)
  }
}
