// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Memory
import VFS

/// One message that waits in a local socket, or a piece of a stream.
final class LocalMessage {
  let bytes: [UInt8]
  /// How many of them have been read, of a stream.
  var offset = 0
  /// Files that came along; each is held open as by a descriptor.
  var files: [OpenFile]
  /// The sender's name.
  let source: SocketAddress
  /// The sender's process, user and group.
  let credentials: [UInt8]
  var next: LocalMessage?

  init(_ bytes: [UInt8], files: [OpenFile], source: SocketAddress, credentials: [UInt8]) {
    self.bytes = bytes
    self.files = files
    self.source = source
    self.credentials = credentials
    for file in files { file.descriptorDidOpen() }
  }

  var count: Int { bytes.count &- offset }

  /// Lets go of files that nobody took.
  func dropFiles() {
    for file in files { file.descriptorDidClose() }
    files = []
  }
}

/// What waits to be read from a local socket, first come first served.
struct LocalInbox {
  private(set) var first: LocalMessage?
  private var last: LocalMessage?
  private(set) var byteCount = 0
  private(set) var messageCount = 0
  /// The most bytes that wait (`net.core.wmem_default`); messages cost a little besides.
  var limit = 212_992

  private static let messageCost = 256

  var isEmpty: Bool { first == nil }

  /// Bytes that may be added.
  var room: Int { max(0, limit &- byteCount &- messageCount &* Self.messageCost) }

  mutating func append(_ message: LocalMessage) {
    if let last { last.next = message } else { first = message }
    last = message
    byteCount &+= message.count
    messageCount &+= 1
  }

  /// Takes `count` bytes off the first message; it goes when none are left, or `isWhole`.
  mutating func consume(_ count: Int, isWhole: Bool) {
    guard let message = first else { return }
    message.offset &+= count
    byteCount &-= count
    guard isWhole || message.count == 0 else { return }
    byteCount &-= message.count
    first = message.next
    if first == nil { last = nil }
    message.next = nil
    messageCount &-= 1
  }

  /// Drops everything.
  mutating func removeAll() {
    while let message = first {
      message.dropFiles()
      consume(message.count, isWhole: true)
    }
  }
}
