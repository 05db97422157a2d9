// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Synchronization
import Virtio9P

/// A 9P2000.L server with files in memory, written from the protocol's description alone. As QEMU's,
/// it knows files by path: attributes of a removed one cannot be had, open handles go on.
final class SimulatedNinePServer: NinePTransport {
  final class File {
    private static let numbers = Mutex<UInt64>(100)
    let number: UInt64
    var kind: UInt32
    var mode: UInt32
    var data: [UInt8] = []
    var children: [(name: String, file: File)] = []
    var links: UInt64 = 1
    var modified: UInt64 = 1_000_000_000
    var owner: UInt32 = 1000
    var group: UInt32 = 1001

    init(_ kind: UInt32, _ mode: UInt32, data: [UInt8] = []) {
      number = Self.numbers.withLock {
        $0 += 1
        return $0
      }
      self.kind = kind
      self.mode = mode
      self.data = data
    }

    subscript(name: String) -> File? { children.first { $0.name == name }?.file }
    var isDirectory: Bool { kind == 0o040000 }
  }

  struct Fid {
    var path: [String]
    var open: File?
    var flags: UInt32 = 0
  }

  let root = File(0o040000, 0o755)
  var fids: [UInt32: Fid] = [:]
  /// Types of the requests that came, in order.
  var requests: [UInt8] = []
  /// Changes a reply before it is delivered: the message, and the contents behind it.
  var tamper: (([UInt8], Int) -> ([UInt8], Int))?
  /// Makes the device fail.
  var isBroken = false
  var refusesOwners = false
  var patience: [NinePPatience] = []
  var messageSize: UInt32 = 65536
  /// How many entries a listing holds at most, so that small directories take several.
  var listingLimit = 3
  var synchronized: [(File, UInt32)] = []
  private(set) var exchangesOut = 0
  private var smalls: [NinePExchange] = []
  private var larges: [NinePExchange] = []
  private var nextTag: UInt16 = 0

  let dataByteLimit = 16384

  // MARK: The transport

  func take(hasData: Bool, _ patience: NinePPatience) throws(SystemError) -> NinePExchange {
    if isBroken { throw .inputOutput }
    exchangesOut += 1
    if hasData {
      if let exchange = larges.popLast() { return exchange }
    } else if let exchange = smalls.popLast() {
      return exchange
    }
    nextTag += 1
    return NinePExchange(tag: nextTag, dataByteCount: hasData ? dataByteLimit : 0)!
  }

  func takeAtOnce() -> NinePExchange? {
    if isBroken { return nil }
    guard let exchange = smalls.popLast() else { return nil }
    exchangesOut += 1
    return exchange
  }

  func release(_ exchange: NinePExchange) {
    exchangesOut -= 1
    if exchange.data == nil { smalls.append(exchange) } else { larges.append(exchange) }
  }

  func perform(
    _ exchange: NinePExchange, sending: Int, receiving: Int, _ patience: NinePPatience
  ) throws(SystemError) {
    if isBroken { throw .inputOutput }
    self.patience.append(patience)
    var contents: [UInt8] = []
    if sending > 0 {
      contents = exchange.data!.copyOut(at: 0, count: sending) { span in
        (0..<span.byteCount).map { span.byte(at: $0) }
      }
    }
    var (reply, data) = answer(exchange.request, contents, limit: receiving)
    if receiving == 0 {
      reply += data
      data = []
    }
    var received = data.count
    if let tamper { (reply, received) = tamper(reply, received) }
    if received > 0 {
      let part = Array(data.prefix(received))
      exchange.data!.write(RawSpan(_elements: part.span), at: 0)
    }
    exchange.setReply(reply, receivedByteCount: received)
  }

  func post(_ exchange: NinePExchange) {
    let (reply, _) = answer(exchange.request, [], limit: 0)
    exchange.setReply(reply)
    exchange.observer?.exchangeDidFinish(exchange)
    exchange.observer = nil
    release(exchange)
  }

  // MARK: Messages

  private struct Failure: Error { var number: UInt32 }

  private struct Fields {
    var bytes: ArraySlice<UInt8>
    mutating func number(_ count: Int) -> UInt64 {
      precondition(bytes.count >= count, "a request is cut short")
      defer { bytes.removeFirst(count) }
      return bytes.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    mutating func u32() -> UInt32 { UInt32(number(4)) }
    mutating func text() -> String {
      let count = Int(number(2))
      defer { bytes.removeFirst(count) }
      return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
  }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  private static func text(_ text: String) -> [UInt8] {
    little(UInt64(text.utf8.count), 2) + Array(text.utf8)
  }

  private func identity(_ file: File) -> [UInt8] {
    let type: UInt8 = file.isDirectory ? 0x80 : file.kind == 0o120000 ? 2 : 0
    return [type, 0, 0, 0, 0] + Self.little(file.number, 8)
  }

  private func answer(
    _ request: [UInt8], _ contents: [UInt8], limit: Int
  ) -> (reply: [UInt8], data: [UInt8]) {
    var fields = Fields(bytes: request[...])
    precondition(fields.u32() == UInt32(request.count + contents.count), "a wrong size")
    let type = UInt8(fields.number(1))
    let tag = fields.number(2)
    requests.append(type)
    var body: [UInt8] = []
    var data: [UInt8] = []
    var answerType = type + 1
    do throws(Failure) {
      let served = try serve(type, &fields, contents)
      body = served.0
      data = served.1
      precondition(fields.bytes.isEmpty, "a request of type \(type) is too long")
    } catch {
      answerType = 7
      body = Self.little(UInt64(error.number), 4)
    }
    let size = 7 + body.count + data.count
    return (Self.little(UInt64(size), 4) + [answerType] + Self.little(tag, 2) + body, data)
  }

  func file(at path: [String]) -> File? {
    var file = root
    for name in path {
      guard let next = file[name] else { return nil }
      file = next
    }
    return file
  }

  private func fid(_ fields: inout Fields) throws(Failure) -> Fid {
    guard let fid = fids[fields.u32()] else { throw Failure(number: 2) }
    return fid
  }

  private func named(_ fid: Fid) throws(Failure) -> File {
    guard let file = file(at: fid.path) else { throw Failure(number: 2) }
    return file
  }

  private func directory(_ fields: inout Fields) throws(Failure) -> File {
    let file = try named(try fid(&fields))
    guard file.isDirectory else { throw Failure(number: 20) }
    return file
  }

  private func add(_ file: File, _ name: String, to directory: File) throws(Failure) {
    guard directory[name] == nil else { throw Failure(number: 17) }
    directory.children.append((name, file))
  }

  private func serve(
    _ type: UInt8, _ fields: inout Fields, _ contents: [UInt8]
  ) throws(Failure) -> ([UInt8], [UInt8]) {
    switch type {
    case 100:
      _ = fields.u32()
      let version = fields.text()
      return (Self.little(UInt64(messageSize), 4) + Self.text(version), [])
    case 104:
      let number = fields.u32()
      _ = (fields.u32(), fields.text(), fields.text(), fields.u32())
      fids[number] = Fid(path: [])
      return (identity(root), [])
    case 110: return (try walk(&fields), [])
    case 120:
      guard fids.removeValue(forKey: fields.u32()) != nil else { throw Failure(number: 2) }
      return ([], [])
    case 8:
      _ = try fid(&fields)
      return (
        Self.little(0x1021997, 4) + Self.little(4096, 4)
          + [1000, 500, 400, 10, 5, 0].flatMap { Self.little($0, 8) } + Self.little(255, 4), []
      )
    case 12, 14, 116, 118, 50, 40: return try serveContents(type, &fields, contents)
    case 24, 26: return try serveAttributes(type, &fields)
    default: return (try serveNames(type, &fields), [])
    }
  }

  private func walk(_ fields: inout Fields) throws(Failure) -> [UInt8] {
    var fid = try fid(&fields)
    let number = fields.u32()
    let count = Int(fields.number(2))
    precondition(fids[number] == nil, "a fid is used twice")
    var identities: [UInt8] = []
    for _ in 0..<count {
      fid.path.append(fields.text())
      guard let file = file(at: fid.path) else { throw Failure(number: 2) }
      identities += identity(file)
    }
    fids[number] = Fid(path: fid.path)
    return Self.little(UInt64(count), 2) + identities
  }

  private func serveContents(
    _ type: UInt8, _ fields: inout Fields, _ contents: [UInt8]
  ) throws(Failure) -> ([UInt8], [UInt8]) {
    let number = fields.u32()
    guard let fid = fids[number] else { throw Failure(number: 2) }
    switch type {
    case 12:
      let file = try named(fid)
      fids[number]?.open = file
      fids[number]?.flags = fields.u32()
      return (identity(file) + Self.little(0, 4), [])
    case 14:
      let directory = try named(fid)
      let name = fields.text()
      let flags = fields.u32()
      let file = File(0o100000, fields.u32())
      _ = fields.u32()
      try add(file, name, to: directory)
      fids[number] = Fid(path: fid.path + [name], open: file, flags: flags)
      return (identity(file) + Self.little(0, 4), [])
    default: break
    }
    guard let file = fid.open else { throw Failure(number: 9) }
    switch type {
    case 116:
      let offset = Int(fields.number(8))
      let count = Int(fields.u32())
      let data = Array(file.data.dropFirst(offset).prefix(count))
      return (Self.little(UInt64(data.count), 4), data)
    case 118:
      var offset = Int(fields.number(8))
      precondition(fields.u32() == UInt32(contents.count), "contents of another size")
      guard fid.flags & 3 != 0 else { throw Failure(number: 9) }
      if fid.flags & 0o2000 != 0 { offset = file.data.count }
      while file.data.count < offset + contents.count { file.data.append(0) }
      file.data.replaceSubrange(offset..<offset + contents.count, with: contents)
      file.modified += 1
      return (Self.little(UInt64(contents.count), 4), [])
    case 50:
      synchronized.append((file, fields.u32()))
      return ([], [])
    default:
      let place = Int(fields.number(8))
      _ = fields.u32()
      let dots: [(String, File)] = [(".", file), ("..", root)]
      let all = dots + file.children.map { ($0.name, $0.file) }
      var data: [UInt8] = []
      // Places with the top bit set: they are the server's own business.
      let start = place == 0 ? 0 : Int(UInt64(bitPattern: Int64(place)) & 0xffff)
      for (index, entry) in all.enumerated().dropFirst(start).prefix(listingLimit) {
        data += identity(entry.1) + Self.little(0x7fff_ffff_0000_0000 | UInt64(index + 1), 8)
        data += [0] + Self.text(entry.0)
      }
      return (Self.little(UInt64(data.count), 4), data)
    }
  }

  private func serveAttributes(
    _ type: UInt8, _ fields: inout Fields
  ) throws(Failure) -> ([UInt8], [UInt8]) {
    let file = try named(try fid(&fields))
    if type == 24 {
      let mask = fields.number(8)
      var words: [UInt64] = [file.links, 0, UInt64(file.data.count), 4096]
      words += [UInt64(file.data.count + 511) / 512, 5, 6, file.modified, 7, 9, 10, 0, 0, 0, 0]
      return (
        Self.little(mask, 8) + identity(file) + Self.little(UInt64(file.kind | file.mode), 4)
          + Self.little(UInt64(file.owner), 4) + Self.little(UInt64(file.group), 4)
          + words.flatMap { Self.little($0, 8) }, []
      )
    }
    let valid = fields.u32()
    let (mode, owner, group) = (fields.u32(), fields.u32(), fields.u32())
    let size = Int(fields.number(8))
    _ = (fields.number(8), fields.number(8))
    let seconds = fields.number(8)
    _ = fields.number(8)
    if valid & 6 != 0, refusesOwners { throw Failure(number: 1) }
    if valid & 1 != 0 { file.mode = mode }
    if valid & 2 != 0 { file.owner = owner }
    if valid & 4 != 0 { file.group = group }
    if valid & 8 != 0 {
      file.data = Array(file.data.prefix(size))
      while file.data.count < size { file.data.append(0) }
    }
    if valid & 0x100 != 0 { file.modified = seconds }
    return ([], [])
  }

  private func serveNames(_ type: UInt8, _ fields: inout Fields) throws(Failure) -> [UInt8] {
    switch type {
    case 16:
      let directory = try directory(&fields)
      let name = fields.text()
      let link = File(0o120000, 0o777, data: Array(fields.text().utf8))
      _ = fields.u32()
      try add(link, name, to: directory)
      return identity(link)
    case 18: throw Failure(number: 6)
    case 22:
      let link = try named(try fid(&fields))
      return Self.text(String(decoding: link.data, as: UTF8.self))
    case 70:
      let directory = try directory(&fields)
      let file = try named(try fid(&fields))
      try add(file, fields.text(), to: directory)
      file.links += 1
      return []
    case 72:
      let directory = try directory(&fields)
      let name = fields.text()
      let new = File(0o040000, fields.u32())
      _ = fields.u32()
      try add(new, name, to: directory)
      return identity(new)
    case 74: return try rename(&fields)
    case 76:
      let directory = try directory(&fields)
      let name = fields.text()
      let isDirectory = fields.u32() & 0x200 != 0
      guard let file = directory[name] else { throw Failure(number: 2) }
      guard file.isDirectory == isDirectory else { throw Failure(number: isDirectory ? 20 : 21) }
      guard file.children.isEmpty else { throw Failure(number: 39) }
      directory.children.removeAll { $0.name == name }
      file.links -= 1
      return []
    default: throw Failure(number: 95)
    }
  }

  private func rename(_ fields: inout Fields) throws(Failure) -> [UInt8] {
    let old = try fid(&fields)
    let name = fields.text()
    let new = try fid(&fields)
    let newName = fields.text()
    let (from, to) = (try named(old), try named(new))
    guard let file = from[name] else { throw Failure(number: 2) }
    if let other = to[newName] {
      guard other.children.isEmpty else { throw Failure(number: 39) }
      other.links -= 1
    }
    from.children.removeAll { $0.name == name }
    to.children.removeAll { $0.name == newName }
    to.children.append((newName, file))
    let (oldPath, newPath) = (old.path + [name], new.path + [newName])
    for number in fids.keys where fids[number]!.path.starts(with: oldPath) {
      fids[number]!.path = newPath + fids[number]!.path.dropFirst(oldPath.count)
    }
    return []
  }
}
