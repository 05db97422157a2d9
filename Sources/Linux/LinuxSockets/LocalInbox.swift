// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling
import VFS

/// One message that waits in a local socket.
final class LocalMessage {
  let bytes: [UInt8]
  /// Files that came along; each is held open as by a descriptor.
  private(set) var files: [OpenFile]
  /// The sender's name; nil when it has none.
  let source: SocketAddress?
  let credentials: LocalCredentials
  /// Who pays for it.
  let account: LocalAccount
  fileprivate var next: LocalMessage?

  init(
    _ bytes: [UInt8], files: [OpenFile], source: SocketAddress?, credentials: LocalCredentials,
    account: LocalAccount
  ) {
    self.bytes = bytes
    self.files = files
    self.source = source
    self.credentials = credentials
    self.account = account
    if !files.isEmpty { LocalFlight.begin(files) }
    account.charge(cost)
  }

  /// What a message of no bytes costs its sender (`skb->truesize`, nearly).
  private static let overhead = 576

  fileprivate var cost: Int { bytes.count &+ Self.overhead }

  /// Hands the files over to whoever takes them.
  func takeFiles() -> [OpenFile] {
    let files = self.files
    self.files = []
    LocalFlight.land(files)
    return files
  }

  /// Lets go of files that nobody took.
  func dropFiles() {
    let files = self.files
    self.files = []
    if !files.isEmpty { LocalFlight.drop(files) }
  }
}

/// What a socket has sent that nobody has read. It outlives its socket, but not the messages.
final class LocalAccount {
  private(set) var byteCount = 0
  /// The most, after which senders wait (`SO_SNDBUF`).
  var limit = LocalSocket.defaultBuffer
  /// The sender's queue.
  private let queue: WaitQueue

  init(_ queue: WaitQueue) {
    self.queue = queue
  }

  /// Whether one more message may go.
  var hasRoom: Bool { byteCount < limit }
  /// Whether pollers are told of room (`unix_writable`).
  var isWritable: Bool { byteCount &* 4 <= limit }

  /// Whether somebody has found no room and has not been told of any since.
  var isAwaited = false

  func charge(_ count: Int) { byteCount &+= count }

  func release(_ count: Int) {
    byteCount &-= count
    guard isAwaited, isWritable else { return }
    isAwaited = false
    if !queue.isEmpty { queue.wakeAll([.writable, .writableNormal]) }
  }
}

/// The messages that wait to be read from a local socket, first come first served.
struct LocalInbox {
  private(set) var first: LocalMessage?
  private var last: LocalMessage?
  private(set) var byteCount = 0
  private(set) var messageCount = 0

  var isEmpty: Bool { first == nil }

  mutating func append(_ message: LocalMessage) {
    if let last { last.next = message } else { first = message }
    last = message
    byteCount &+= message.bytes.count
    messageCount &+= 1
  }

  /// Takes the first message out.
  mutating func removeFirst() {
    guard let message = first else { return }
    first = message.next
    if first == nil { last = nil }
    message.next = nil
    byteCount &-= message.bytes.count
    messageCount &-= 1
    message.account.release(message.cost)
  }

  func forEachFile(_ body: (OpenFile) -> Void) {
    var cursor = first
    while let message = cursor {
      for file in message.files { body(file) }
      cursor = message.next
    }
  }

  /// Drops everything.
  mutating func removeAll() {
    while let message = first {
      removeFirst()
      message.dropFiles()
    }
  }
}
