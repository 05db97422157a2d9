// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// A process's file descriptors.
///
/// The lowest free number is always taken first (POSIX). Several threads share one table.
public final class DescriptorTable {
  struct Entry {
    var file: OpenFile
    var closesOnExec: Bool
  }

  private var entries: [Entry?]
  /// No number below this one is free.
  private var lowestCandidate = 0
  /// `RLIMIT_NOFILE`'s soft value.
  public var limit = 1024

  public init() {
    entries = Array(repeating: nil, count: 64)
  }

  /// Throws `badDescriptor`.
  @inline(__always)
  public func file(at descriptor: Int32) throws(Errno) -> OpenFile {
    let index = Int(descriptor)
    guard index >= 0 && index < entries.count, let entry = entries[index] else {
      throw .badDescriptor
    }
    return entry.file
  }

  /// Puts `file` at the lowest free number not below `minimum`. Throws `tooManyOpenFiles`.
  public func add(
    _ file: OpenFile, closesOnExec: Bool, atLeast minimum: Int = 0
  ) throws(Errno) -> Int32 {
    var index = max(minimum, lowestCandidate)
    while index < entries.count && entries[index] != nil { index += 1 }
    guard index < limit else { throw .tooManyOpenFiles }
    if minimum <= lowestCandidate { lowestCandidate = index + 1 }
    set(Entry(file: file, closesOnExec: closesOnExec), at: index)
    return Int32(index)
  }

  /// Puts `file` at `descriptor`, closing what was there (`dup2`). Throws `badDescriptor`.
  public func replace(
    _ descriptor: Int32, with file: OpenFile, closesOnExec: Bool
  ) throws(Errno) {
    guard descriptor >= 0 && Int(descriptor) < limit else { throw .badDescriptor }
    let index = Int(descriptor)
    if index < entries.count, let old = entries[index] {
      entries[index] = nil
      didClose(old.file)
    }
    set(Entry(file: file, closesOnExec: closesOnExec), at: index)
  }

  /// Throws `badDescriptor`.
  public func close(_ descriptor: Int32) throws(Errno) {
    let index = Int(descriptor)
    guard index >= 0 && index < entries.count, let entry = entries[index] else {
      throw .badDescriptor
    }
    entries[index] = nil
    lowestCandidate = min(lowestCandidate, index)
    didClose(entry.file)
  }

  public func closesOnExec(_ descriptor: Int32) throws(Errno) -> Bool {
    _ = try file(at: descriptor)
    return entries[Int(descriptor)]?.closesOnExec ?? false
  }

  public func setClosesOnExec(_ value: Bool, at descriptor: Int32) throws(Errno) {
    _ = try file(at: descriptor)
    entries[Int(descriptor)]?.closesOnExec = value
  }

  /// Calls `body` with each number in use, in order, and its file.
  public func forEach(_ body: (Int32, OpenFile) -> Void) {
    for index in entries.indices {
      if let entry = entries[index] { body(Int32(index), entry.file) }
    }
  }

  private func set(_ entry: Entry, at index: Int) {
    while index >= entries.count {
      entries.append(contentsOf: repeatElement(nil, count: entries.count))
    }
    entries[index] = entry
    entry.file.descriptorDidOpen()
  }

  private func didClose(_ file: OpenFile) {
    Self.closeObserver.value?.descriptorDidClose(of: file)
    file.descriptorDidClose()
  }

  /// Told of every descriptor that closes; set once somebody needs it.
  public static let closeObserver = KernelGlobal<(any DescriptorCloseObserver)?>(nil)
}

/// Learns that a descriptor closed, though its file may stay open under another number: the
/// process's record locks end then (POSIX `fcntl`).
public protocol DescriptorCloseObserver: AnyObject {
  func descriptorDidClose(of file: OpenFile)
}
