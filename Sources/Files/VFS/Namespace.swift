// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// The tree of files that a process sees: its root, its working directory, and the walk of paths.
///
/// A path is bytes. The walk allocates nothing but for symbolic links. Errors are Linux's: a missing
/// component is `noSuchFile`, one that is no directory `notDirectory`, more than 40 links
/// `tooManyLinksInPath`, a component over 255 bytes `nameTooLong`.
public final class Namespace {
  public var root: Node {
    didSet { NameCache.forget() }
  }
  public var workingDirectory: Node

  private let names = NameCache()

  /// What a walk keeps in mind.
  private struct Walk {
    var linksLeft = Namespace.linkLimit
    /// Whether it went through a directory whose names change by themselves.
    var hasMetChangingNames = false
  }

  /// `NAME_MAX`
  public static let nameLimit = 255
  /// `PATH_MAX`, with the zero byte.
  public static let pathLimit = 4096
  private static let linkLimit = 40

  /// What was mounted for the user, for `/proc/mounts`. It keeps the directories, whose nodes a
  /// file system might forget otherwise.
  public private(set) var volumes: [MountedVolume] = []

  public init(root: Node) {
    self.root = root
    workingDirectory = root
    root.parent = root
  }

  deinit { names.retire() }

  // MARK: Walking

  /// The file at `path`.
  ///
  /// - Parameters:
  ///   - start: where a relative path begins; nil for the working directory.
  ///   - followsLast: whether a symbolic link at the end is followed. A trailing slash follows it
  ///     in any case, and wants a directory.
  public func lookup(
    _ path: RawSpan, from start: Node? = nil, followsLast: Bool = true
  ) throws(SystemError) -> Node {
    let hash = NameCache.hash(path, followsLast: followsLast)
    if hash != 0,
      let node = names.node(at: path, followsLast: followsLast, hash: hash)
    {
      return node
    }
    var state = Walk()
    let node = try walk(path, start ?? workingDirectory, followsLast, &state)
    if hash != 0, !state.hasMetChangingNames {
      names.note(node, at: path, followsLast: followsLast, hash: hash)
    }
    return node
  }

  private func walk(
    _ path: RawSpan, _ start: Node, _ followsLast: Bool, _ state: inout Walk
  ) throws(SystemError) -> Node {
    guard path.byteCount > 0 else { throw .noSuchFile }
    var scanner = PathScanner(path)
    var node = scanner.isAbsolute ? root : start
    while let part = scanner.next(path) {
      let component = path.extracting(part)
      let isLast = scanner.isAtEnd
      let wantsDirectory = !isLast || scanner.endsInSlash
      node = try step(node, component, follows: wantsDirectory || followsLast, &state)
      if wantsDirectory && !node.isDirectory { throw .notDirectory }
    }
    return node
  }

  private func step(
    _ directory: Node, _ component: RawSpan, follows: Bool, _ state: inout Walk
  ) throws(SystemError) -> Node {
    guard directory.isDirectory else { throw .notDirectory }
    if component.byte(at: 0) == UInt8(ascii: ".") {
      if component.byteCount == 1 { return directory }
      if component.byteCount == 2 && component.byte(at: 1) == UInt8(ascii: ".") {
        return parent(of: directory)
      }
    }
    guard component.byteCount <= Self.nameLimit else { throw .nameTooLong }
    if !directory.keepsNames { state.hasMetChangingNames = true }
    var node = try directory.lookup(component)
    if let mounted = node.mounted { node = mounted }
    guard follows, node.isSymbolicLink else { return node }
    return try follow(node, in: directory, &state)
  }

  private func follow(
    _ link: Node, in directory: Node, _ state: inout Walk
  ) throws(SystemError) -> Node {
    guard state.linksLeft > 0 else { throw .tooManyLinksInPath }
    state.linksLeft -= 1
    if let object = try link.followLink() { return object }
    let target = try link.readLink()
    return try walk(RawSpan(_elements: target.span), directory, true, &state)
  }

  /// The directory above; the root's is itself.
  private func parent(of directory: Node) -> Node {
    directory === root ? root : directory.parent ?? root
  }

  // MARK: Places for names

  /// Where a name is to be made, removed or renamed.
  public struct Place {
    public let directory: Node
    /// The last component, inside the path that was given.
    public let name: Range<Int>
    /// Whether the path ended in a slash, so that only a directory may be there.
    public let wantsDirectory: Bool
  }

  /// The directory and name that `path` ends in; the name need not exist. Throws `fileExists` with
  /// `special` when the path ends in `.` or `..` or is the root.
  public func place(
    _ path: RawSpan, from start: Node? = nil, special: SystemError = .fileExists
  ) throws(SystemError) -> Place {
    guard path.byteCount > 0 else { throw .noSuchFile }
    var state = Walk()
    var scanner = PathScanner(path)
    var node = scanner.isAbsolute ? root : start ?? workingDirectory
    var last: Range<Int>?
    while let part = scanner.next(path) {
      if let last {
        node = try step(node, path.extracting(last), follows: true, &state)
        guard node.isDirectory else { throw .notDirectory }
      }
      last = part
    }
    guard let last else { throw special }
    let name = path.extracting(last)
    let isSpecial =
      name.byte(at: 0) == UInt8(ascii: ".")
      && (name.byteCount == 1 || name.byteCount == 2 && name.byte(at: 1) == UInt8(ascii: "."))
    if isSpecial { throw special }
    guard name.byteCount <= Self.nameLimit else { throw .nameTooLong }
    guard node.isDirectory else { throw .notDirectory }
    return Place(directory: node, name: last, wantsDirectory: scanner.endsInSlash)
  }

  // MARK: Mounting

  /// Puts the tree of `newRoot` over the directory at `path`.
  public func mount(_ newRoot: Node, at path: RawSpan) throws(SystemError) {
    let directory = try lookup(path)
    guard directory.isDirectory else { throw .notDirectory }
    directory.mounted = newRoot
    NameCache.forget()
    newRoot.parent = parent(of: directory)
    newRoot.lastName = directory.lastName
    newRoot.lastParent = newRoot.parent
  }

  /// Puts a volume over the directory at `path`, which is made, with those above it, when there is
  /// none.
  public func mountVolume(
    _ newRoot: Node, at path: [UInt8], source: [UInt8]
  ) throws(SystemError) {
    try makeDirectories(path)
    let directory = try lookup(RawSpan(_elements: path.span))
    guard directory !== root else { throw .busy }
    try mount(newRoot, at: RawSpan(_elements: path.span))
    volumes.append(
      MountedVolume(
        source: source, root: newRoot, directory: directory, path: self.path(of: newRoot)))
  }

  private func makeDirectories(_ path: [UInt8]) throws(SystemError) {
    var scanner = PathScanner(RawSpan(_elements: path.span))
    while let part = scanner.next(RawSpan(_elements: path.span)) {
      let prefix = Array(path[..<part.upperBound])
      do throws(SystemError) {
        let found = try lookup(RawSpan(_elements: prefix.span))
        guard found.isDirectory else { throw .notDirectory }
      } catch {
        guard error == .noSuchFile else { throw error }
        let place = try place(RawSpan(_elements: prefix.span))
        _ = try place.directory.make(
          RawSpan(_elements: prefix.span).extracting(place.name), .directory,
          permissionBits: 0o755, device: 0)
      }
    }
  }

  // MARK: Paths back

  /// The path of a file from the root, as far as it is known by the name it was last found by;
  /// " (deleted)" is added to one that was removed.
  public func path(of node: Node) -> [UInt8] {
    node === root ? [UInt8(ascii: "/")] : node.absolutePath
  }
}

/// A volume in the tree.
public struct MountedVolume {
  /// What the host calls it.
  public let source: [UInt8]
  public let root: Node
  /// What it lies over.
  let directory: Node
  /// Where it is.
  public let path: [UInt8]
}

/// Finds the components of a path, which each call is given again: a span cannot be kept.
struct PathScanner {
  private var position = 0
  /// The component after the present one, found ahead.
  private var ahead: Range<Int>?
  let isAbsolute: Bool
  /// Whether a slash stands behind the last component. Meaningful at the end.
  let endsInSlash: Bool

  init(_ path: RawSpan) {
    isAbsolute = path.byteCount > 0 && path.byte(at: 0) == UInt8(ascii: "/")
    endsInSlash = path.byteCount > 0 && path.byte(at: path.byteCount - 1) == UInt8(ascii: "/")
    ahead = scan(path)
  }

  var isAtEnd: Bool { ahead == nil }

  mutating func next(_ path: RawSpan) -> Range<Int>? {
    let current = ahead
    if current != nil { ahead = scan(path) }
    return current
  }

  private mutating func scan(_ path: RawSpan) -> Range<Int>? {
    while position < path.byteCount && path.byte(at: position) == UInt8(ascii: "/") {
      position += 1
    }
    guard position < path.byteCount else { return nil }
    let start = position
    while position < path.byteCount && path.byte(at: position) != UInt8(ascii: "/") {
      position += 1
    }
    return start..<position
  }
}
