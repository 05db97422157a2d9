// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Pipes
import VFS

/// What waits to be read from a local stream: bytes, and what came beside some of them.
///
/// Bytes go straight from the program's memory into the ring and out again. Only files, and a change
/// of who sends, cost more.
struct LocalStreamInbox {
  /// Files that came with the bytes from `start` to `end`.
  private struct FileMark {
    let start: UInt64
    let end: UInt64
    let files: [OpenFile]
  }

  /// From `start` on, the bytes are of another sender.
  private struct SenderMark {
    let start: UInt64
    let credentials: LocalCredentials
  }

  private var ring = PipeRing(byteLimit: LocalSocket.defaultBuffer)
  /// How many bytes have been taken since the beginning.
  private var taken: UInt64 = 0
  private var fileMarks: [FileMark] = []
  private var senderMarks: [SenderMark] = []
  /// Who sent the next byte, and who the last one.
  private(set) var reading = LocalCredentials.none
  private var writing = LocalCredentials.none

  var count: Int { ring.count }
  var isEmpty: Bool { ring.count == 0 }
  var room: Int { ring.freeCount }
  /// The most bytes that wait.
  var limit: Int { ring.limit }

  mutating func setLimit(_ byteCount: Int) { ring.setByteLimit(byteCount) }

  /// Whether a writer should be told of the room that there is (`unix_writable`).
  var isWritable: Bool { ring.count &* 4 <= ring.limit }
  /// Whether a writer has found no room and has not been told of any since.
  var isAwaited = false

  // MARK: In

  /// Takes what fits of `data`, and files beside its first byte. Returns how many bytes fitted.
  mutating func append(
    _ data: inout UserVector, files: [OpenFile], credentials: LocalCredentials
  ) throws(SystemError) -> Int {
    let start = taken &+ UInt64(ring.count)
    let count = try ring.write(from: &data, count: data.byteCount)
    note(count, at: start, files: files, credentials: credentials)
    return count
  }

  /// The same for bytes of the kernel's.
  mutating func append(_ bytes: RawSpan, credentials: LocalCredentials) -> Int {
    let start = taken &+ UInt64(ring.count)
    let count = ring.write(bytes)
    note(count, at: start, files: [], credentials: credentials)
    return count
  }

  @inline(__always)
  private mutating func note(
    _ count: Int, at start: UInt64, files: [OpenFile], credentials: LocalCredentials
  ) {
    guard count > 0 else { return }
    if credentials != writing {
      writing = credentials
      if start == taken {
        reading = credentials
        senderMarks = []
      } else {
        senderMarks.append(SenderMark(start: start, credentials: credentials))
      }
    }
    if !files.isEmpty {
      LocalFlight.begin(files)
      fileMarks.append(FileMark(start: start, end: start &+ UInt64(count), files: files))
    }
  }

  // MARK: Out

  /// How many bytes one read may give: it ends behind the first message with files, and, with
  /// `isOneSender`, where the sender changes.
  func readableCount(isOneSender: Bool) -> Int {
    var end = taken &+ UInt64(ring.count)
    if let mark = fileMarks.first { end = min(end, mark.end) }
    if isOneSender, let mark = senderMarks.first { end = min(end, mark.start) }
    return Int(end &- taken)
  }

  /// Copies the first bytes, which stay.
  func copyOut(to data: inout UserVector, count: Int) throws(SystemError) -> Int {
    try ring.copyOut(to: &data, at: 0, count: count)
  }

  /// The files among the first `count` bytes.
  func files(among count: Int) -> [OpenFile] {
    guard let mark = fileMarks.first, mark.start < taken &+ UInt64(count) else { return [] }
    return mark.files
  }

  /// Takes the first `count` bytes out, which `readableCount` allowed, and the files among them.
  mutating func consume(_ count: Int) -> [OpenFile] {
    let files = fileMarks.isEmpty ? [] : files(among: count)
    if !files.isEmpty { fileMarks.removeFirst() }
    ring.drop(count)
    taken &+= UInt64(count)
    while let mark = senderMarks.first, mark.start <= taken {
      reading = mark.credentials
      senderMarks.removeFirst()
    }
    return files
  }

  func forEachFile(_ body: (OpenFile) -> Void) {
    for mark in fileMarks {
      for file in mark.files { body(file) }
    }
  }

  /// Drops everything.
  mutating func removeAll() {
    let marks = fileMarks
    fileMarks = []
    senderMarks = []
    taken &+= UInt64(ring.count)
    ring.removeAll()
    reading = writing
    for mark in marks { LocalFlight.drop(mark.files) }
  }
}
