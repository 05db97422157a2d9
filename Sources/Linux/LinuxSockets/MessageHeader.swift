// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Memory
import VFS

/// A `struct msghdr` in the program's memory.
struct MessageHeader {
  private let address: VirtualAddress
  private let name: VirtualAddress?
  private let nameByteCount: Int32
  private let vectors: VirtualAddress
  private let vectorCount: Int
  private let controlStart: VirtualAddress
  let controlByteCount: Int

  // Where the members are.
  private static let nameLengthOffset = 8
  private static let controlLengthOffset = 40
  private static let flagsOffset = 48
  /// The most control data that is taken (`net.core.optmem_max`).
  private static let controlLimit = 20_480

  init(at address: VirtualAddress) throws(Errno) {
    self.address = address
    let bytes = try ProgramBytes.copyIn(address, count: 56)
    let name: UInt = bytes.get(0)
    self.name = name == 0 ? nil : VirtualAddress(name)
    nameByteCount = bytes.get(Self.nameLengthOffset)
    vectors = VirtualAddress(bytes.get(16, as: UInt.self))
    let count: UInt = bytes.get(24)
    guard count <= UInt(UserVector.partLimit) else { throw .messageTooLong }
    vectorCount = Int(count)
    controlStart = VirtualAddress(bytes.get(32, as: UInt.self))
    let length: UInt = bytes.get(Self.controlLengthOffset)
    controlByteCount = controlStart.rawValue == 0 ? 0 : Int(min(length, UInt(Int32.max)))
  }

  func vector() throws(Errno) -> UserVector {
    do { return try UserVector(descriptions: vectors, count: vectorCount) } catch {
      throw Errno(error)
    }
  }

  /// Where to send; nil for none.
  func target() throws(Errno) -> SocketAddress? {
    guard let name, nameByteCount != 0 else { return nil }
    return try SocketAddress(at: name, byteCount: min(nameByteCount, 128))
  }

  func control() throws(Errno) -> [ControlMessage] {
    guard controlByteCount <= Self.controlLimit else { throw .noBuffers }
    return try ControlData.parse(ProgramBytes.copyIn(controlStart, count: controlByteCount))
  }

  /// Stores what was received beside the data, and makes descriptors of files.
  func store(
    _ message: inout IncomingMessage, closesOnExec: Bool, in process: Process
  ) throws(Errno) {
    if let name {
      // The source first: what follows may fail for want of room, and cut.
      try (message.source ?? SocketAddress(bytes: [])).store(
        at: name, length: address + Self.nameLengthOffset)
    }
    var data = ControlData(limit: controlByteCount)
    for item in message.control { data.add(item, flags: &message.resultFlags) }
    let files = message.files
    message.files = []
    data.add(
      files: files, closesOnExec: closesOnExec, in: process,
      flags: &message.resultFlags)
    try ProgramBytes.copyOut(data.bytes, to: controlStart)
    try ProgramBytes.store(data.bytes.count, at: address + Self.controlLengthOffset)
    var flags = message.resultFlags
    if closesOnExec { flags.insert(.closesOnExec) }
    try ProgramBytes.store(flags.rawValue, at: address + Self.flagsOffset)
  }
}

/// Control data as it stands in the program's memory: `struct cmsghdr`s, each padded to 8 bytes
/// (`cmsg(3)`).
struct ControlData {
  private(set) var bytes: [UInt8] = []
  private let limit: Int

  private static let headerByteCount = 16
  /// `SCM_MAX_FD`
  private static let fileLimit = 253

  init(limit: Int) {
    self.limit = limit
  }

  static func parse(_ bytes: [UInt8]) throws(Errno) -> [ControlMessage] {
    var messages: [ControlMessage] = []
    var offset = 0
    while offset + headerByteCount <= bytes.count {
      let length: Int = bytes.get(offset)
      guard length >= headerByteCount, length <= bytes.count - offset else {
        throw .invalidArgument
      }
      messages.append(
        ControlMessage(
          level: bytes.get(offset + 8), type: bytes.get(offset + 12),
          bytes: [UInt8](bytes[offset + headerByteCount..<offset + length])))
      offset += roundedUp(length, to: 8)
    }
    return messages
  }

  /// The open files that an `SCM_RIGHTS` names.
  static func files(of item: ControlMessage, in process: Process) throws(Errno) -> [OpenFile] {
    guard item.bytes.count % 4 == 0, item.bytes.count / 4 <= fileLimit else {
      throw .invalidArgument
    }
    var files: [OpenFile] = []
    for index in 0..<item.bytes.count / 4 {
      files.append(try process.descriptors.file(at: item.bytes.get(index * 4)))
    }
    return files
  }

  /// Adds a message; it is cut off when there is no room.
  mutating func add(_ item: ControlMessage, flags: inout MessageFlags) {
    let room = limit - bytes.count - Self.headerByteCount
    guard room >= 0 else {
      flags.insert(.controlTruncated)
      return
    }
    let count = min(item.bytes.count, room)
    if count < item.bytes.count { flags.insert(.controlTruncated) }
    append(level: item.level, type: item.type, [UInt8](item.bytes.prefix(count)))
  }

  private mutating func append(level: Int32, type: Int32, _ content: [UInt8]) {
    var header = [UInt8](repeating: 0, count: Self.headerByteCount)
    header.put(Self.headerByteCount + content.count, at: 0)
    header.put(level, at: 8)
    header.put(type, at: 12)
    bytes += header
    bytes += content
    while bytes.count % 8 != 0, bytes.count < limit { bytes.append(0) }
  }

  /// Makes descriptors of files, as many as there is room for; the others are closed.
  mutating func add(
    files: [OpenFile], closesOnExec: Bool, in process: Process, flags: inout MessageFlags
  ) {
    guard !files.isEmpty else { return }
    let room = max(0, limit - bytes.count - Self.headerByteCount) / 4
    var content: [UInt8] = []
    for file in files.prefix(room) {
      guard
        let number = try? process.descriptors.add(file, closesOnExec: closesOnExec)
      else { break }
      content += OptionValue.bytes(number)
    }
    if content.count / 4 < files.count { flags.insert(.controlTruncated) }
    // The message held them open until now.
    for file in files { file.descriptorDidClose() }
    if !content.isEmpty {
      append(level: ControlMessage.socketLevel, type: ControlMessage.rights, content)
    }
  }
}
