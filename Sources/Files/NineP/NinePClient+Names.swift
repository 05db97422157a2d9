// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Virtio9P

// The requests that are about names and attributes.
extension NinePClient {
  func attributes(of fid: NinePFid) throws(SystemError) -> FileAttributes {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.getAttributes, exchange)
    request.add(fid.number)
    // P9_GETATTR_BASIC
    request.add(UInt64(0x7ff))
    var reply = try answer(request, .getAttributes, exchange)
    return try fields { () throws(ProtocolError) in try reply.attributes() }
  }

  /// What `setattr` is to change; nil leaves a value as it is.
  struct Change {
    var mode: UInt32?
    var owner: UInt32?
    var group: UInt32?
    var byteCount: Int64?
    // In nanoseconds since 1970.
    var accessed: Int64?
    var modified: Int64?

    /// `P9_SETATTR_*`
    var validity: UInt32 {
      (mode == nil ? 0 : 1) | (owner == nil ? 0 : 2) | (group == nil ? 0 : 4)
        | (byteCount == nil ? 0 : 8) | (accessed == nil ? 0 : 0x90)
        | (modified == nil ? 0 : 0x120)
    }
  }

  func change(_ fid: NinePFid, _ change: Change) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.setAttributes, exchange)
    request.add(fid.number)
    request.add(change.validity)
    request.add(change.mode ?? 0)
    request.add(change.owner ?? .max)
    request.add(change.group ?? .max)
    request.add(UInt64(bitPattern: change.byteCount ?? 0))
    for time in [change.accessed ?? 0, change.modified ?? 0] {
      let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
      // Before 1970 the nanoseconds still count upwards.
      request.add(UInt64(bitPattern: rest < 0 ? seconds - 1 : seconds))
      request.add(UInt64(bitPattern: rest < 0 ? rest + 1_000_000_000 : rest))
    }
    _ = try answer(request, .setAttributes, exchange)
  }

  /// What a symbolic link says: 1 to 4095 bytes without a zero.
  func readLink(_ fid: NinePFid) throws(SystemError) -> [UInt8] {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.readLink, exchange)
    request.add(fid.number)
    var reply = try answer(request, .readLink, exchange)
    let target = try fields { () throws(ProtocolError) in try reply.text(limit: 4095) }
    guard !target.isEmpty, !target.contains(0) else { throw .inputOutput }
    return target
  }

  /// Names of the opened directory `fid` from the server's place `offset` on; none at the end.
  func list(_ fid: NinePFid, from offset: UInt64) throws(SystemError) -> [ListedName] {
    let exchange = try take(hasData: true)
    defer { release(exchange) }
    guard let data = exchange.data else { throw .inputOutput }
    let limit = min(32768, min(data.byteCount, dataByteLimit))
    var request = request(.readDirectory, exchange)
    request.add(fid.number)
    request.add(offset)
    request.add(UInt32(limit))
    var reply = try answer(request, .readDirectory, exchange, receiving: limit)
    let count = try fields { () throws(ProtocolError) in Int(try reply.integer(UInt32.self)) }
    guard count <= limit, count <= exchange.receivedByteCount else { throw .inputOutput }
    // A copy, which the device cannot change while it is read.
    var bytes = [UInt8](repeating: 0, count: count)
    var elements = bytes.mutableSpan
    var span = MutableRawSpan(_elements: &elements)
    data.read(into: &span, at: 0)
    return try fields { () throws(ProtocolError) in
      var reader = ReplyReader(fields: bytes)
      var names: [ListedName] = []
      while !reader.isAtEnd { names.append(try reader.entry()) }
      return names
    }
  }

  func makeDirectory(
    _ name: RawSpan, in fid: NinePFid, mode: UInt32, group: UInt32
  ) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.makeDirectory, exchange)
    request.add(fid.number)
    request.add(name)
    request.add(mode)
    request.add(group)
    _ = try answer(request, .makeDirectory, exchange)
  }

  /// Makes a FIFO, a socket's name or a device.
  func makeNode(
    _ name: RawSpan, in fid: NinePFid, mode: UInt32, device: UInt64, group: UInt32
  ) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.makeNode, exchange)
    request.add(fid.number)
    request.add(name)
    request.add(mode)
    // As `gnu_dev_major` and `gnu_dev_minor` divide a number.
    request.add(UInt32(truncatingIfNeeded: device >> 8 & 0xfff | device >> 32 & 0xffff_f000))
    request.add(UInt32(truncatingIfNeeded: device & 0xff | device >> 12 & 0xffff_ff00))
    request.add(group)
    _ = try answer(request, .makeNode, exchange)
  }

  func makeLink(
    _ name: RawSpan, in fid: NinePFid, to target: RawSpan, group: UInt32
  ) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.symlink, exchange)
    request.add(fid.number)
    request.add(name)
    request.add(target)
    request.add(group)
    _ = try answer(request, .symlink, exchange)
  }

  /// Gives the file `fid` one more name, in `directory`.
  func link(_ fid: NinePFid, as name: RawSpan, in directory: NinePFid) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.link, exchange)
    request.add(directory.number)
    request.add(fid.number)
    request.add(name)
    _ = try answer(request, .link, exchange)
  }

  func rename(
    _ name: RawSpan, in directory: NinePFid, to newName: RawSpan, in newDirectory: NinePFid
  ) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.renameAt, exchange)
    request.add(directory.number)
    request.add(name)
    request.add(newDirectory.number)
    request.add(newName)
    _ = try answer(request, .renameAt, exchange)
  }

  /// Takes a name away: a directory's if `isDirectory`, anything else's if not.
  func remove(
    _ name: RawSpan, in directory: NinePFid, isDirectory: Bool
  ) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.unlinkAt, exchange)
    request.add(directory.number)
    request.add(name)
    // AT_REMOVEDIR
    request.add(UInt32(isDirectory ? 0x200 : 0))
    _ = try answer(request, .unlinkAt, exchange)
  }

  /// What `statfs` tells: block size, blocks, free blocks, free for users, files, free files.
  func statistics(of fid: NinePFid) throws(SystemError) -> [UInt64] {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.statfs, exchange)
    request.add(fid.number)
    var reply = try answer(request, .statfs, exchange)
    return try fields { () throws(ProtocolError) in
      _ = try reply.integer(UInt32.self)
      var values = [UInt64(try reply.integer(UInt32.self))]
      for _ in 0..<5 { values.append(try reply.integer(UInt64.self)) }
      return values
    }
  }
}
