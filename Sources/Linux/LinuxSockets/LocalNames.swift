// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import VFS

/// The names of local sockets: files, and names that are in no file system ("abstract", `unix(7)`).
enum LocalNames {
  private struct Binding {
    /// The file, or nil for an abstract name.
    let node: Node?
    let name: [UInt8]
    let socket: LocalSocket
  }

  private static let bindings = KernelGlobal<[Binding]>([])
  private static let nextAutomatic = KernelGlobal<UInt32>(0)

  /// `sizeof(sa_family_t)`, and the longest name behind it.
  private static let familyByteCount = 2
  private static let nameLimit = 108

  /// The name in an address: with a zero byte in front for an abstract one, otherwise a path;
  /// empty for none. Throws `invalidArgument`.
  private static func name(_ address: SocketAddress) throws(SystemError) -> [UInt8] {
    guard address.bytes.count >= familyByteCount,
      address.bytes.count <= familyByteCount + nameLimit,
      address.family == SocketFamilies.local
    else { throw .invalidArgument }
    let name = [UInt8](address.bytes[familyByteCount...])
    if name.isEmpty || name[0] == 0 { return name }
    return [UInt8](name.prefix { $0 != 0 })
  }

  /// Throws `invalidArgument` for what is no local address.
  static func check(_ address: SocketAddress) throws(SystemError) {
    guard try !name(address).isEmpty else { throw .invalidArgument }
  }

  /// Whether the address leaves the name to the kernel.
  static func isAutomatic(_ address: SocketAddress) throws(SystemError) -> Bool {
    try name(address).isEmpty
  }

  /// Gives a socket a name that nobody has. Throws `noSpace`.
  static func bindAutomatically(_ socket: LocalSocket) throws(SystemError) -> SocketAddress {
    let name = try automaticName()
    bindings.value.append(Binding(node: nil, name: name, socket: socket))
    return address(of: name)
  }

  /// Gives a socket a name. Throws `addressInUse`, and what making a file throws.
  ///
  /// - Returns: the address as `getsockname` tells it.
  static func bind(
    _ socket: LocalSocket, to address: SocketAddress
  ) throws(SystemError) -> SocketAddress {
    let name = try name(address)
    if name[0] == 0 {
      guard find(abstract: name) == nil else { throw .addressInUse }
      bindings.value.append(Binding(node: nil, name: name, socket: socket))
      return self.address(of: name)
    }
    guard let process = Process.running.value else { throw .invalidArgument }
    let path = RawSpan(_elements: name.span)
    let node: Node
    do throws(SystemError) {
      let place = try process.namespace.place(path)
      node = try place.directory.make(
        path.extracting(place.name), .socket, permissionBits: 0o777 & ~process.fileModeMask,
        device: 0)
    } catch { throw error == .fileExists ? .addressInUse : error }
    bindings.value.append(Binding(node: node, name: name, socket: socket))
    return self.address(of: name + [0])
  }

  private static func address(of name: [UInt8]) -> SocketAddress {
    SocketAddress(bytes: SocketAddress(family: UInt16(SocketFamilies.local)).bytes + name)
  }

  /// An abstract name of five digits that nobody has.
  private static func automaticName() throws(SystemError) -> [UInt8] {
    for _ in 0..<0x100000 {
      nextAutomatic.value = (nextAutomatic.value &+ 1) & 0xfffff
      var name: [UInt8] = [0]
      for shift in [16, 12, 8, 4, 0] as [UInt32] {
        let digit = UInt8(truncatingIfNeeded: nextAutomatic.value >> shift & 15)
        name.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      }
      if find(abstract: name) == nil { return name }
    }
    throw .noSpace
  }

  private static func find(abstract name: [UInt8]) -> LocalSocket? {
    for binding in bindings.value where binding.node == nil && binding.name == name {
      return binding.socket
    }
    return nil
  }

  /// The socket that has a name. Throws `connectionRefused`, and what looking up a file throws.
  static func socket(at address: SocketAddress) throws(SystemError) -> LocalSocket {
    let name = try name(address)
    guard !name.isEmpty else { throw .invalidArgument }
    if name[0] == 0 {
      guard let socket = find(abstract: name) else { throw .connectionRefused }
      return socket
    }
    guard let process = Process.running.value else { throw .connectionRefused }
    let node = try process.namespace.lookup(RawSpan(_elements: name.span))
    guard node.kind == .socket else { throw .connectionRefused }
    for binding in bindings.value where binding.node === node { return binding.socket }
    throw .connectionRefused
  }

  /// A socket has gone; its file stays.
  static func remove(_ socket: LocalSocket) {
    bindings.value.removeAll { $0.socket === socket }
  }
}
