// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import NativeArchive
import VFS

/// The tree of files of a native image, and what can be done to its names.
final class FileTree: NativeTree {
  private let namespace: Namespace

  init(_ namespace: Namespace) {
    self.namespace = namespace
  }

  func lookup(_ path: RawSpan) throws(SystemError) -> Node { try namespace.lookup(path) }

  // MARK: Opening

  func open(_ path: RawSpan, _ flags: OpenFlags) throws(SystemError) -> OpenFile {
    guard flags.contains(.create) else {
      return try Self.open(try namespace.lookup(path), flags)
    }
    guard let (place, node) = try find(path) else {
      // A link at the end that leads to a name which is to be made.
      return try Self.open(try namespace.lookup(path), flags)
    }
    guard !place.wantsDirectory else { throw .isDirectory }
    if let node {
      if flags.contains(.exclusive) { throw .fileExists }
      return try Self.open(node, flags)
    }
    let made = try place.directory.make(
      path.extracting(place.name), .regular, permissionBits: 0o644, device: 0)
    return try Self.open(made, flags.subtracting(.truncate))
  }

  private static func open(_ node: Node, _ flags: OpenFlags) throws(SystemError) -> OpenFile {
    switch node.kind {
    case .regular: break
    case .directory: throw .isDirectory
    default: throw .notSupported
    }
    if flags.allowsWriting, node.isReadOnly { throw .readOnlyFileSystem }
    if flags.contains(.truncate) { try node.truncate(to: 0) }
    return try node.open(flags.subtracting([.create, .exclusive, .truncate]))
  }

  func openDirectory(_ path: RawSpan) throws(SystemError) -> OpenDirectory {
    let node = try namespace.lookup(path)
    guard node.isDirectory, let directory = try node.open(.directory) as? OpenDirectory else {
      throw .notDirectory
    }
    return directory
  }

  /// The place that a path names, and the file there if there is one; a symbolic link there is
  /// followed. Nil for a link that leads to nothing.
  private func find(_ path: RawSpan) throws(SystemError) -> (Namespace.Place, Node?)? {
    let place = try namespace.place(path, special: .isDirectory)
    guard let node = try existing(at: place, in: path) else { return (place, nil) }
    guard node.isSymbolicLink else { return (place, node) }
    do { return (place, try namespace.lookup(path)) } catch {
      guard error == .noSuchFile else { throw error }
      return nil
    }
  }

  /// The file at a place itself, even if it is a link.
  private func existing(
    at place: Namespace.Place, in path: RawSpan
  ) throws(SystemError) -> Node? {
    do {
      let node = try place.directory.lookup(path.extracting(place.name))
      return node.mounted ?? node
    } catch {
      guard error == .noSuchFile else { throw error }
      return nil
    }
  }

  // MARK: Names

  func makeDirectory(_ path: RawSpan) throws(SystemError) {
    let place = try namespace.place(path)
    guard try existing(at: place, in: path) == nil else { throw .fileExists }
    _ = try place.directory.make(
      path.extracting(place.name), .directory, permissionBits: 0o755, device: 0)
  }

  func remove(_ path: RawSpan, _ kind: RemovedKind) throws(SystemError) {
    let place = try namespace.place(path, special: kind == .directory ? .busy : .isDirectory)
    guard let node = try existing(at: place, in: path) else { throw .noSuchFile }
    if kind == .directory || place.wantsDirectory {
      guard node.isDirectory else { throw .notDirectory }
    }
    if kind == .file, node.isDirectory { throw .isDirectory }
    try checkMove(of: node, at: place)
    try place.directory.remove(path.extracting(place.name), directory: kind == .directory)
  }

  func rename(_ path: RawSpan, to target: RawSpan) throws(SystemError) {
    let old = try namespace.place(path, special: .busy)
    let new = try namespace.place(target, special: .busy)
    guard old.directory.deviceNumber == new.directory.deviceNumber else { throw .crossDevice }
    guard let node = try existing(at: old, in: path) else { throw .noSuchFile }
    if !node.isDirectory, old.wantsDirectory || new.wantsDirectory { throw .notDirectory }
    try checkMove(of: node, at: old)
    if node.isAbove(new.directory) { throw .invalidArgument }
    if let replaced = try existing(at: new, in: target) {
      if replaced === node { return }
      try checkMove(of: replaced, at: new)
      if replaced.isAbove(old.directory) { throw .directoryNotEmpty }
      if node.isDirectory, !replaced.isDirectory { throw .notDirectory }
      if !node.isDirectory, replaced.isDirectory { throw .isDirectory }
    }
    try old.directory.rename(
      path.extracting(old.name), to: new.directory, target.extracting(new.name), .replace)
  }

  /// A volume, or the root, stays where it is.
  private func checkMove(of node: Node, at place: Namespace.Place) throws(SystemError) {
    guard node.deviceNumber == place.directory.deviceNumber, node !== namespace.root else {
      throw .busy
    }
  }
}
