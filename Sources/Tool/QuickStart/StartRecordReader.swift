// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// Reads the file of a `StartRecord` as far as it is asked to.
public struct StartRecordReader {
  private let bytes: [UInt8]
  private var position = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// How to start; nil when this is no record, or one of another version.
  public mutating func start() -> StartRecord.Start? {
    guard line() == StartRecord.title else { return nil }
    var start = StartRecord.Start(
      emulator: "", words: [], commandLineIndex: -1, timeout: nil, ports: [])
    while let line = line(), line != "states" {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      switch parts[0] {
      case "emulator": start.emulator = String(parts[1])
      case "line": start.commandLineIndex = Int(parts[1]) ?? -1
      case "timeout": start.timeout = UInt64(parts[1])
      case "port": start.ports += UInt16(parts[1]).map { [$0] } ?? []
      case "word": start.words.append(String(parts[1]))
      default: return nil
      }
    }
    return start.words.indices.contains(start.commandLineIndex) ? start : nil
  }

  /// Whether everything is as it was; after `start`. Costs one `stat` for each file.
  public mutating func isUnchanged() -> Bool {
    var folder = AT_FDCWD
    defer { if folder >= 0 { close(folder) } }
    var count = 0
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "/") {
        if folder >= 0 { close(folder) }
        folder = AT_FDCWD
        guard let line = line() else { return false }
        if line.utf8.count > 1 {
          folder = open(String(line.dropFirst()), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
          if folder < 0 { return false }
        }
        continue
      }
      guard let state = state(), let name = line(), FileState(of: name, in: folder) == state else {
        return false
      }
      count += 1
    }
    return count > 0
  }

  private mutating func state() -> FileState? {
    var state = FileState()
    guard let size = number(), let content = number(), let any = number(), let inode = number()
    else { return nil }
    state.byteCount = size
    state.contentChange = content
    state.anyChange = any
    state.inode = inode
    return state
  }

  private mutating func number() -> UInt64? {
    var value: UInt64 = 0
    let first = position
    while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
      value = value &* 10 &+ UInt64(bytes[position] - 48)
      position += 1
    }
    guard position > first, position < bytes.count, bytes[position] == 32 else { return nil }
    position += 1
    return value
  }

  private mutating func line() -> String? {
    guard let end = bytes[position...].firstIndex(of: 10) else { return nil }
    defer { position = end + 1 }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }
}
