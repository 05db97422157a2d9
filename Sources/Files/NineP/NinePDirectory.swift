// SPDX-License-Identifier: BSD-3-Clause

import Base
import Structures
import VFS

/// An open directory of a volume.
///
/// Its position counts names, because the server's places may need more bits than an offset has.
/// Where each piece of the listing began is remembered, so that a program can go back.
final class NinePDirectory: OpenDirectory {
  private let directory: NinePNode
  private var handle: NinePFid?
  /// Names of the piece at hand; the first of them is number `start`.
  private var names: [ListedName] = []
  private var start = 0
  private var isAtEnd = false
  /// Number of the first name, and the server's place, of each piece so far.
  private var pieces: [(number: Int, place: UInt64)] = []

  init(_ directory: NinePNode, flags: OpenFlags) {
    self.directory = directory
    super.init(node: directory, flags: flags)
  }

  private func openedHandle() throws(SystemError) -> NinePFid {
    if let handle { return handle }
    guard directory.hasPath else { throw .noSuchFile }
    let opened = try directory.system.client.copy(directory.fid)
    // O_RDONLY | O_DIRECTORY | O_LARGEFILE
    try directory.system.client.open(opened, flags: 0o300000)
    handle = opened
    return opened
  }

  override func nextEntry() throws(SystemError) -> DirectoryEntry? {
    guard position >= 2 else { return try super.nextEntry() }
    let number = Int(position - 2)
    if number == 0 || number < start || pieces.isEmpty { try goBack(to: number) }
    while number >= start + names.count {
      guard !isAtEnd, let last = names.last else { return specialEntry(number) }
      try load(start + names.count, from: last.next)
    }
    let name = names[number - start]
    return DirectoryEntry(
      name: name.name, number: name.identity.path, kind: name.kind, next: UInt64(position) + 1)
  }

  /// Special files come behind the server's names.
  private func specialEntry(_ number: Int) -> DirectoryEntry? {
    guard let specials = directory.specials else { return nil }
    let cursor = UInt64(number - start - names.count)
    guard let entry = specials.entry(from: cursor) else { return nil }
    let skipped = entry.cursor - cursor
    return DirectoryEntry(
      name: entry.name, number: entry.value.number, kind: entry.value.kind,
      next: UInt64(position) + skipped + 1)
  }

  /// Loads the piece with this name, or the nearest before it; the first one afresh.
  private func goBack(to number: Int) throws(SystemError) {
    if number == 0 { pieces = [] }
    let piece = pieces.last { $0.number <= number } ?? (0, 0)
    isAtEnd = false
    try load(piece.number, from: piece.place)
  }

  private func load(_ number: Int, from place: UInt64) throws(SystemError) {
    let handle = try openedHandle()
    var next = place
    var found: [ListedName] = []
    // A piece of nothing but `.` and `..` is no end.
    repeat {
      found = try directory.system.client.list(handle, from: next)
      guard let last = found.last else { break }
      // A listing that stands still would never end.
      guard last.next != next else { throw .inputOutput }
      next = last.next
      found.removeAll { $0.isDots }
    } while found.isEmpty
    names = found
    start = number
    isAtEnd = found.isEmpty
    if !found.isEmpty, pieces.last.map({ $0.number < number }) ?? true {
      pieces.append((number, place))
    }
  }

  override func synchronize() throws(SystemError) {
    try directory.system.client.synchronize(openedHandle(), contentsOnly: false)
  }
}
