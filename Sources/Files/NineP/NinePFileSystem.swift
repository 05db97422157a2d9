// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Frames
import Memory
import Scheduling
import VFS
import Virtio9P

/// A folder of the host as a file system.
///
/// A file has one node here as long as anybody uses it, however many names it has and however it is
/// found: locks and mappings meet in it. Nodes that nobody uses are kept, up to a limit.
public final class NinePFileSystem {
  /// Who owns what the host's user owns, to the guest: root, in both directions.
  public struct Ownership: Sendable {
    /// The host's user and group that are the guest's root.
    public let user: UInt32
    public let group: UInt32

    public init(user: UInt32, group: UInt32) {
      self.user = user
      self.group = group
    }

    /// A user of the host as the guest sees it.
    func guestUser(_ number: UInt32) -> UInt32 { number == user ? 0 : number }
    func guestGroup(_ number: UInt32) -> UInt32 { number == group ? 0 : number }
    /// A user of the guest as the host sees it.
    func hostUser(_ number: UInt32) -> UInt32 { number == 0 ? user : number }
    func hostGroup(_ number: UInt32) -> UInt32 { number == 0 ? group : number }
  }

  let client: NinePClient
  let frames: FrameAllocator
  let ownership: Ownership
  public let deviceNumber: UInt64
  /// Whether nothing may be changed; the server refuses it as well.
  public let isReadOnly: Bool
  var nodes: NodeTable
  var recentNames = RecentNames()
  private var folder: NinePNode?
  private var kept: [NinePNode] = []
  /// No server gives files such numbers.
  private var lastSpecialNumber: UInt64 = 0xffff_ffff_0000_0000
  /// Woken when there is something that the server does not have.
  public var unwrittenQueue: WaitQueue?
  /// Pages of mappings, of all files.
  var pageCount = 0
  /// Files with pages that the server does not have yet.
  private var unwritten: [NinePContents] = []

  /// Starts a session over `transport`.
  ///
  /// - Parameters:
  ///   - nodeLimit: how many nodes are kept that nobody uses.
  /// - Throws: `notSupported` for a server that does not speak 9P2000.L, `notDirectory` for one
  ///   that shows no folder.
  public init(
    _ transport: any NinePTransport, frames: FrameAllocator, deviceNumber: UInt64,
    isReadOnly: Bool, ownership: Ownership, nodeLimit: Int
  ) throws(SystemError) {
    client = NinePClient(transport)
    self.frames = frames
    self.deviceNumber = deviceNumber
    self.isReadOnly = isReadOnly
    self.ownership = ownership
    nodes = NodeTable(limit: nodeLimit)
    try client.start()
    let (fid, identity) = try client.attach(user: ownership.user)
    let attributes = try client.attributes(of: fid)
    guard attributes.kind == .directory else { throw .notDirectory }
    let node = NinePNode(self, fid, number: identity.path, kind: .directory)
    node.adopt(attributes)
    nodes.insert(node)
    folder = node
  }

  /// The folder itself.
  public var root: Node { top }

  var top: NinePNode {
    guard let folder else { preconditionFailure("a file system without a root") }
    return folder
  }

  // MARK: Nodes

  /// The node called `name` in `directory`.
  func child(of directory: NinePNode, _ name: RawSpan) throws(SystemError) -> NinePNode {
    let now = Clock.now()
    if let node = recentNames.node(directory, name, at: now) { return node }
    let node = try walk(from: directory, to: name)
    recentNames.note(node, directory, name, at: now)
    return node
  }

  private func walk(from directory: NinePNode, to name: RawSpan) throws(SystemError) -> NinePNode {
    let (fid, identity) = try client.walk(directory.fid, to: name)
    if let node = nodes.node(identity.path) {
      if identity.kind == nil
        ? !node.isDirectory && !node.isSymbolicLink
        : node.kind == identity.kind
      {
        // The path of the new fid is the one that holds now.
        node.wasFound(fid, in: directory, name)
        return node
      }
      forget(node)
    }
    let kind: FileKind
    var attributes: FileAttributes?
    if let known = identity.kind {
      kind = known
    } else {
      let found = try client.attributes(of: fid)
      guard let told = found.kind, told != .directory, told != .symbolicLink else {
        throw .inputOutput
      }
      kind = told
      attributes = found
      // Another thread may have found it meanwhile.
      if let node = nodes.node(identity.path), node.kind == kind {
        node.wasFound(fid, in: directory, name)
        return node
      }
    }
    let node = NinePNode(self, fid, number: identity.path, kind: kind)
    if let attributes { node.adoptFresh(attributes) }
    node.wasFound(fid, in: directory, name)
    nodes.insert(node)
    return node
  }

  func nextSpecialNumber() -> UInt64 {
    lastSpecialNumber += 1
    return lastSpecialNumber
  }

  /// Directories with special files that only the guest has must not be forgotten.
  func keep(_ directory: NinePNode) {
    if !kept.contains(where: { $0 === directory }) { kept.append(directory) }
  }

  func keepNoMore(_ directory: NinePNode) {
    kept.removeAll { $0 === directory }
  }

  /// The node of a file that is no longer what it was: a new one may get its number.
  func forget(_ node: NinePNode) {
    node.losesPath()
    nodes.remove(node.number)
  }

  // MARK: Pages that were written to

  /// Whether pages of mappings, which can be fetched again, take memory that others need.
  var hasTooManyPages: Bool {
    pageCount > 0
      && (pageCount > frames.totalCount / 4 || frames.freeCount < frames.totalCount / 16)
  }

  /// Gives back the pages that the server has, too.
  func givePagesBack() {
    if !AddressSpace.isResolvingForKernel { try? synchronize() }
    nodes.forEach { $0.dropCleanPages() }
  }

  func noteDirty(_ contents: NinePContents) {
    unwritten.append(contents)
    unwrittenQueue?.wakeAll()
  }

  /// Whether mappings have written what the server does not have.
  public var hasUnwritten: Bool { !unwritten.isEmpty }

  func noteClean(_ contents: NinePContents) {
    unwritten.removeAll { $0 === contents }
  }
}

extension NinePFileSystem: SynchronizedFileSystem {
  /// Sends the server what mappings have written.
  public func synchronize() throws(SystemError) {
    var failure: SystemError?
    for contents in unwritten {
      do { try contents.flush() } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
