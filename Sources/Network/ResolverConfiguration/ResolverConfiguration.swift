// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Bytes

/// Who the host is and whom it asks for names: the text of /etc/resolv.conf, /etc/hosts and
/// /etc/hostname.
///
/// Names may come from a DHCP server. One that is not made of letters, digits and hyphens (RFC 1123
/// section 2.1) is left out: it would be text in a file that programs trust.
public struct ResolverConfiguration: Sendable {
  /// At most three are used (resolv.conf(5)).
  public private(set) var nameServers: [IPAddress] = []
  /// The domains that are searched, first the host's own.
  public private(set) var domains: [[UInt8]] = []
  public private(set) var hostname: [UInt8] = StaticString("localhost").byteArray

  public init() {}

  /// Whether bytes are a name of labels that hosts can have. An underscore is let pass.
  public static func isName(_ name: [UInt8]) -> Bool {
    guard !name.isEmpty, name.count <= 253 else { return false }
    var labelCount = 0
    for index in name.indices {
      let byte = name[index]
      switch byte {
      case 0x2e:
        guard labelCount > 0, name[index - 1] != 0x2d else { return false }
        labelCount = 0
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: labelCount += 1
      case 0x2d:
        guard labelCount > 0 else { return false }
        labelCount += 1
      default: return false
      }
      guard labelCount <= 63 else { return false }
    }
    return labelCount > 0 && name[name.count - 1] != 0x2d
  }

  /// Adds a server; more than three, and one that is no host's address, are left out.
  public mutating func add(nameServer: IPAddress) {
    guard nameServers.count < 3, nameServer.isUnicast, !nameServers.contains(nameServer) else {
      return
    }
    nameServers.append(nameServer)
  }

  /// Adds a domain to search; a dot at the end is cut off. Six are used.
  public mutating func add(domain: [UInt8]) {
    var name = domain
    if name.last == 0 { name.removeLast() }
    if name.last == 0x2e { name.removeLast() }
    guard domains.count < 6, Self.isName(name), !domains.contains(name) else { return }
    domains.append(name)
  }

  /// Sets the host's name, with or without its domain. False, and nothing happens, when it is none.
  public mutating func set(hostname: [UInt8]) -> Bool {
    var name = hostname
    if name.last == 0 { name.removeLast() }
    guard Self.isName(name), name.count <= 64 else { return false }
    self.hostname = name
    return true
  }

  /// Adds the domains of DHCP option 119: names in the form of DNS, where a pointer leads to an
  /// earlier place of the option (RFC 3397). What is malformed ends the list.
  public mutating func add(domainSearch option: [UInt8]) {
    var offset = 0
    while offset < option.count {
      guard let (name, next) = Self.decode(option, at: offset) else { return }
      add(domain: name)
      offset = next
    }
  }

  /// A name and where the next one begins.
  private static func decode(_ bytes: [UInt8], at start: Int) -> ([UInt8], Int)? {
    var name: [UInt8] = []
    var offset = start
    var pieceStart = start
    var next: Int?
    while offset < bytes.count {
      let size = Int(bytes[offset])
      if size == 0 { return (name, next ?? offset + 1) }
      if size >= 0xc0 {
        guard offset + 1 < bytes.count else { return nil }
        let target = (size & 0x3f) << 8 | Int(bytes[offset + 1])
        // Only to what lies before this piece: no circle can come about.
        guard target < pieceStart else { return nil }
        next = next ?? offset + 2
        pieceStart = target
        offset = target
        continue
      }
      guard size < 64, offset + 1 + size <= bytes.count, name.count + size < 254 else { return nil }
      if !name.isEmpty { name.append(0x2e) }
      for index in offset + 1..<offset + 1 + size { name.append(bytes[index]) }
      offset += 1 + size
    }
    return nil
  }

  // MARK: - Text

  /// /etc/resolv.conf.
  public var resolvConf: [UInt8] {
    var text: [UInt8] = []
    if !domains.isEmpty {
      Self.append("search", to: &text)
      for domain in domains {
        text.append(0x20)
        for byte in domain { text.append(byte) }
      }
      text.append(0x0a)
    }
    for server in nameServers {
      Self.append("nameserver ", to: &text)
      server.appendText(to: &text)
      text.append(0x0a)
    }
    return text
  }

  /// /etc/hosts.
  ///
  /// - Parameter addresses: the host's own, without loopback. The host's name stands for the first
  ///   of them, or for 127.0.1.1 as on Debian.
  public func hosts(addresses: [IPAddress]) -> [UInt8] {
    var text: [UInt8] = []
    Self.append("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", to: &text)
    if hostname == StaticString("localhost").byteArray { return text }
    if addresses.isEmpty { appendHost(IPAddress(IPv4Address(127, 0, 1, 1)), to: &text) }
    for address in addresses { appendHost(address, to: &text) }
    return text
  }

  private func appendHost(_ address: IPAddress, to text: inout [UInt8]) {
    address.appendText(to: &text)
    text.append(0x09)
    for byte in hostname { text.append(byte) }
    // The whole name first, then the short one.
    if let dot = hostname.firstIndex(of: 0x2e) {
      text.append(0x20)
      for byte in hostname[..<dot] { text.append(byte) }
    } else if let domain = domains.first {
      text.append(0x2e)
      for byte in domain { text.append(byte) }
      text.append(0x20)
      for byte in hostname { text.append(byte) }
    }
    text.append(0x0a)
  }

  /// /etc/hostname.
  public var hostnameFile: [UInt8] {
    var text = hostname
    text.append(0x0a)
    return text
  }

  private static func append(_ string: StaticString, to text: inout [UInt8]) {
    for byte in string.byteArray { text.append(byte) }
  }
}
