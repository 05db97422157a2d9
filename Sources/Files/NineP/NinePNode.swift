// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Machine
import Memory
import Structures
import VFS
import Virtio9P

/// A file of a volume: directory, regular file, link or special file.
final class NinePNode: Node {
  let system: NinePFileSystem
  /// The file at the server, by the path it was last found by.
  private(set) var fid: NinePFid
  /// The pages and the size of a regular file.
  private var contents: NinePContents?
  /// Whether the server finds the file by its path. A file that was removed while it was open is
  /// reached by its handles only.
  private(set) var hasPath = true
  /// Handles of open files of this node, each with whether it writes.
  private var handles: [(handle: NinePFid, isWritable: Bool)] = []
  /// Opened when the file was made: it may be one that its own mode forbids to open.
  private var firstHandle: NinePFid?
  /// The owner that a program has asked for and the host has refused.
  private var refusedOwner: UInt32?
  private var refusedGroup: UInt32?
  private var otherByteCount: Int64 = 0
  private var blocks: Int64 = 0
  private var device: UInt64 = 0
  /// Until when what was fetched serves one more look.
  private var freshUntil = Instant.start
  /// Special files of this directory that only the guest has.
  var specials: NameTable<NinePSpecial>?
  /// The next in a bucket of the file system's table.
  var nextInTable: NinePNode?

  init(_ system: NinePFileSystem, _ fid: NinePFid, number: UInt64, kind: FileKind) {
    self.system = system
    self.fid = fid
    if kind == .regular { contents = NinePContents(system, number: number) }
    super.init(
      number: number, deviceNumber: system.deviceNumber, kind: kind,
      permissionBits: kind == .symbolicLink ? 0o777 : 0o755)
  }

  private var client: NinePClient { system.client }

  /// The pages and the size; a regular file has them.
  var pages: NinePContents {
    guard let contents else { preconditionFailure("only regular files have contents") }
    return contents
  }

  func dropCleanPages() {
    contents?.dropCleanPages()
  }

  /// Whether nothing but the table's own references keeps it.
  var isIdle: Bool {
    mounted == nil && (contents == nil || isKnownUniquelyReferenced(&contents))
  }

  // MARK: Attributes

  override var byteCount: Int64 { contents?.size ?? otherByteCount }
  override var blockCount: Int64 { blocks }
  override var representedDevice: UInt64 { device }
  override var isReadOnly: Bool { system.isReadOnly }

  /// Takes over what the server says.
  func adopt(_ attributes: FileAttributes) {
    permissionBits = attributes.mode & 0o7777
    owner = refusedOwner ?? system.ownership.guestUser(attributes.owner)
    group = refusedGroup ?? system.ownership.guestGroup(attributes.group)
    linkCount = attributes.linkCount
    accessed = attributes.accessed
    blocks = attributes.blockCount
    device = attributes.device
    otherByteCount = attributes.byteCount
    if let contents {
      // Somebody has changed the file, perhaps this kernel: mappings look again.
      if modified != attributes.modified { contents.dropCleanPages() }
      contents.setSize(attributes.byteCount)
    }
    modified = attributes.modified
    changed = attributes.changed
  }

  /// As `adopt`; the next `refresh` need not ask again if it comes at once, in the same call.
  func adoptFresh(_ attributes: FileAttributes) {
    adopt(attributes)
    freshUntil = Clock.now() + .milliseconds(1)
  }

  /// This kernel has changed the file: what was fetched is old.
  func didChange() {
    freshUntil = .start
  }

  override func refresh() throws(SystemError) {
    guard hasPath else { return }
    if freshUntil != .start {
      let isFresh = Clock.now() < freshUntil
      freshUntil = .start
      if isFresh { return }
    }
    // What mappings have written may have grown nothing, but times and blocks are the server's.
    let attributes: FileAttributes
    do { attributes = try client.attributes(of: fid) } catch {
      guard error == .noSuchFile else { throw error }
      try wasLost()
      return
    }
    guard attributes.identity.path == number, attributes.kind == kind else {
      try wasLost()
      return
    }
    adopt(attributes)
  }

  /// The host has removed the file, or put another in its place.
  private func wasLost() throws(SystemError) {
    system.forget(self)
    isRemoved = true
    if handles.isEmpty { throw .noSuchFile }
  }

  override func change(_ change: AttributeChange) throws(SystemError) {
    didChange()
    guard !isReadOnly else { throw .readOnlyFileSystem }
    guard hasPath else { return adopt(change) }
    var other = NinePClient.Change()
    other.mode = change.permissionBits
    other.accessed = change.accessed
    other.modified = change.modified
    if other.validity != 0 { try client.change(fid, other) }
    if change.owner != nil || change.group != nil { try changeOwner(change) }
    adopt(change)
  }

  /// A host user who is not root may give nothing away. The guest's program is root, and would take
  /// the refusal for a failure: it is told that it was done, and sees it as long as the node is known.
  private func changeOwner(_ change: AttributeChange) throws(SystemError) {
    var request = NinePClient.Change()
    request.owner = change.owner.map(system.ownership.hostUser)
    request.group = change.group.map(system.ownership.hostGroup)
    do {
      try client.change(fid, request)
      refusedOwner = change.owner == nil ? refusedOwner : nil
      refusedGroup = change.group == nil ? refusedGroup : nil
    } catch {
      guard error == .notPermitted else { throw error }
      if let owner = change.owner { refusedOwner = owner }
      if let group = change.group { refusedGroup = group }
    }
  }

  override var statistics: FileSystemStatistics {
    // V9FS_MAGIC
    var statistics = FileSystemStatistics(magic: 0x0102_1997)
    statistics.isReadOnly = system.isReadOnly
    guard let values = try? client.statistics(of: system.top.fid), values.count == 6 else {
      return statistics
    }
    statistics.blockSize = values[0]
    statistics.blocks = values[1]
    statistics.freeBlocks = values[3]
    statistics.files = values[4]
    statistics.freeFiles = values[5]
    return statistics
  }

  // MARK: The life of a name

  /// A walk has led here.
  func wasFound(_ fid: NinePFid, in directory: NinePNode, _ name: RawSpan) {
    self.fid = fid
    hasPath = true
    isRemoved = false
    guard self !== system.top else { return }
    wasFound(in: directory, as: name)
  }

  func losesPath() {
    hasPath = false
  }

  /// A name of the file was taken away.
  func didLoseName(linksBefore: UInt32) {
    if isDirectory || linksBefore <= 1 {
      linkCount = 0
      isRemoved = true
      system.forget(self)
    } else {
      // Another name is left, but which one only a walk can tell.
      linkCount = linksBefore - 1
      losesPath()
    }
    touchChanged()
  }

  // MARK: Contents

  override func open(_ flags: OpenFlags) throws(SystemError) -> OpenFile {
    if flags.contains(.pathOnly) { return OpenFile(node: self, flags: flags) }
    if flags.allowsWriting && isReadOnly && (kind == .regular || kind == .directory) {
      throw .readOnlyFileSystem
    }
    switch kind {
    case .directory:
      guard !flags.allowsWriting else { throw .isDirectory }
      return NinePDirectory(self, flags: flags)
    case .regular:
      if let handle = firstHandle, !flags.contains(.append) {
        firstHandle = nil
        return NinePFile(self, handle, flags: flags)
      }
      try refresh()
      return NinePFile(self, try openHandle(flags), flags: flags)
    default:
      guard let opener = SpecialFiles.opener.value else { throw .noSuchDeviceAddress }
      return try opener.open(self, flags)
    }
  }

  /// What the server is told of an open: the access, O_APPEND, O_DSYNC and O_SYNC.
  private static let serverFlags: UInt32 = 0o4012003

  func openHandle(_ flags: OpenFlags) throws(SystemError) -> NinePFid {
    guard hasPath else { throw .noSuchFile }
    let handle = try client.copy(fid)
    // O_LARGEFILE
    try client.open(handle, flags: flags.rawValue & Self.serverFlags | 0o100000)
    return handle
  }

  func didOpen(_ handle: NinePFid, isWritable: Bool) {
    handles.append((handle, isWritable))
  }

  func didClose(_ handle: NinePFid) {
    handles.removeAll { $0.handle === handle }
    if handles.isEmpty { contents?.releaseIfIdle() }
  }

  override func truncate(to byteCount: Int64) throws(SystemError) {
    guard kind == .regular else { throw isDirectory ? .isDirectory : .invalidArgument }
    guard byteCount >= 0 else { throw .invalidArgument }
    guard !isReadOnly else { throw .readOnlyFileSystem }
    didChange()
    if hasPath {
      var change = NinePClient.Change()
      change.byteCount = byteCount
      try client.change(fid, change)
    } else {
      try truncateByHandle(to: byteCount)
    }
    pages.setSize(byteCount)
    touchModified()
  }

  /// The server changes sizes by path, and there is none: what is behind the end is zeroed, and the
  /// size kept here.
  private func truncateByHandle(to byteCount: Int64) throws(SystemError) {
    guard let handle = handles.last(where: { $0.isWritable })?.handle else { throw .noSuchFile }
    var place = byteCount
    let end = pages.size
    guard place < end else { return }
    let exchange = try client.take(hasData: true)
    defer { client.release(exchange) }
    guard let data = exchange.data else { throw .inputOutput }
    let limit = min(data.byteCount, client.dataByteLimit)
    data.withMutableBytes(at: 0, count: limit) { $0.zero() }
    while place < end {
      let taken = try client.write(
        handle, at: place, count: Int(min(Int64(limit), end - place)), with: exchange)
      guard taken > 0 else { throw .noSpace }
      place += Int64(taken)
    }
  }

  override func pageSource() throws(SystemError) -> PageSource {
    guard kind == .regular else { throw .noSuchDevice }
    if !pages.hasReader { pages.adopt(try openHandle([]), isWritable: false) }
    return mappable
  }

  /// The contents, ready for a mapping.
  var mappable: NinePContents {
    if pages.mappedPath.isEmpty { pages.mappedPath = absolutePath }
    return pages
  }

  override func readLink() throws(SystemError) -> [UInt8] {
    guard isSymbolicLink else { throw .invalidArgument }
    return try client.readLink(fid)
  }

  /// Keeps the handle that made the file.
  func keepFirstHandle(_ handle: NinePFid) {
    firstHandle = handle
  }

  // MARK: Directories

  override func lookup(_ name: RawSpan) throws(SystemError) -> Node {
    guard isDirectory else { throw .notDirectory }
    if let special = special(name) { return special }
    return try system.child(of: self, name)
  }

  override func make(
    _ name: RawSpan, _ kind: FileKind, permissionBits: UInt32, device: UInt64
  ) throws(SystemError) -> Node {
    try checkChange()
    let group = system.ownership.hostGroup(0)
    switch kind {
    case .regular: return try makeFile(name, permissionBits, group)
    case .directory:
      try client.makeDirectory(name, in: fid, mode: permissionBits, group: group)
    default:
      do {
        try client.makeNode(
          name, in: fid, mode: kind.rawValue | permissionBits, device: device, group: group)
      } catch {
        guard error == .noSuchDeviceAddress || error == .notPermitted || error == .notSupported,
          kind == .fifo || kind == .socket
        else { throw error == .noSuchDeviceAddress ? .notPermitted : error }
        let special = NinePSpecial(system, kind, permissionBits: permissionBits)
        attach(special, name)
        return special
      }
    }
    return try system.child(of: self, name)
  }

  private func makeFile(
    _ name: RawSpan, _ permissionBits: UInt32, _ group: UInt32
  ) throws(SystemError) -> Node {
    let handle = try client.copy(fid)
    // O_RDWR | O_CREAT | O_EXCL | O_LARGEFILE
    let identity = try client.create(
      name, in: handle, flags: 0o100302, mode: permissionBits, group: group)
    // A file of that number that was known is gone.
    if let stale = system.nodes.node(identity.path) { system.forget(stale) }
    let (found, told) = try client.walk(fid, to: name)
    guard told.path == identity.path, told.kind == nil else { throw .inputOutput }
    let node = NinePNode(system, found, number: identity.path, kind: .regular)
    node.permissionBits = permissionBits
    node.keepFirstHandle(handle)
    node.wasFound(found, in: self, name)
    system.nodes.insert(node)
    return node
  }

  override func makeLink(_ name: RawSpan, to target: RawSpan) throws(SystemError) -> Node {
    try checkChange()
    guard target.byteCount <= 4095 else { throw .nameTooLong }
    try client.makeLink(name, in: fid, to: target, group: system.ownership.hostGroup(0))
    return try system.child(of: self, name)
  }

  override func link(_ name: RawSpan, _ node: Node) throws(SystemError) {
    try checkChange()
    guard let node = node as? NinePNode, node.system === system else { throw .crossDevice }
    guard node.hasPath else { throw .noSuchFile }
    try client.link(node.fid, as: name, in: fid)
    node.linkCount += 1
    node.didChange()
    node.touchChanged()
  }

  override func remove(_ name: RawSpan, directory: Bool) throws(SystemError) {
    try checkChange()
    if !directory, removeSpecial(name) { return }
    if directory, try system.child(of: self, name).specials != nil { throw .directoryNotEmpty }
    let known = try knownNode(name)
    try client.remove(name, in: fid, isDirectory: directory)
    system.recentNames.forget()
    known?.node.didLoseName(linksBefore: known?.links ?? 1)
  }

  /// The node called `name`, if it is known, and how many names it has; nil when nobody knows it.
  private func knownNode(_ name: RawSpan) throws(SystemError) -> (node: NinePNode, links: UInt32)? {
    if let node = system.recentNames.node(self, name, at: Clock.now()) {
      return (node, node.linkCount)
    }
    let (found, identity) = try client.walk(fid, to: name)
    guard system.nodes.node(identity.path) != nil else { return nil }
    let links = try client.attributes(of: found).linkCount
    guard let node = system.nodes.node(identity.path) else { return nil }
    return (node, links)
  }

  private func checkChange() throws(SystemError) {
    guard isDirectory else { throw .notDirectory }
    guard !isReadOnly else { throw .readOnlyFileSystem }
  }

  override func rename(
    _ name: RawSpan, to target: Node, _ newName: RawSpan, _ mode: RenameMode
  ) throws(SystemError) {
    try checkChange()
    guard let directory = target as? NinePNode, directory.system === system else {
      throw .crossDevice
    }
    // The protocol can only replace.
    if case .exchange = mode { throw .invalidArgument }
    if special(name) != nil { return try moveSpecial(name, to: directory, newName) }
    if directory.special(newName) != nil {
      if case .keep = mode { throw .fileExists }
      _ = directory.removeSpecial(newName)
    }
    let moved = try system.child(of: self, name)
    guard moved.mounted == nil else { throw .busy }
    var replaced: (node: NinePNode, links: UInt32)?
    do { replaced = try directory.knownNode(newName) } catch {
      guard error == .noSuchFile else { throw error }
    }
    if replaced?.node === moved { return }
    if case .keep = mode, replaced != nil { throw .fileExists }
    guard replaced?.node.mounted == nil else { throw .busy }
    try client.rename(name, in: fid, to: newName, in: directory.fid)
    system.recentNames.forget()
    if let replaced { replaced.node.didLoseName(linksBefore: replaced.links) }
    // The path behind the node's fid may be the old one.
    _ = try? system.child(of: directory, newName)
  }
}
