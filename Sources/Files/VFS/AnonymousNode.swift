// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The node of open files that have no place in the tree: event counters, epolls, timers.
public enum AnonymousNode {
  private static let node = KernelGlobal<Node?>(nil)
  private static let nextNumber = KernelGlobal<UInt64>(1)

  /// The device of nameless files.
  public static let deviceNumber: UInt64 = 0xd

  public static var shared: Node {
    if let node = node.value { return node }
    let made = Node(
      number: number(), deviceNumber: deviceNumber, kind: .regular, permissionBits: 0o600)
    made.lastName = StaticString("anon_inode:[file]").byteArray
    node.value = made
    return made
  }

  /// A number for a nameless node of its own (pipes).
  public static func number() -> UInt64 {
    nextNumber.value += 1
    return nextNumber.value
  }
}
