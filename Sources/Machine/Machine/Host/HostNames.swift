// SPDX-License-Identifier: BSD-3-Clause

import Glibc

// SAFETY (all below): texts end with NUL; the list is read as the library made it, where the family says
// what an address is, and freed once.

/// Looks names up as the host does.
public enum HostNames {
  /// What came of it.
  public enum Result {
    /// Addresses of version 6; those of version 4 are mapped.
    case found([(high: UInt64, low: UInt64)])
    case notFound
    case failed
  }

  /// A lookup that goes on in a thread of its own, since it cannot be ended.
  public final class Lookup {
    /// Nil until it is over; `HostThreads.waitForChange` tells.
    public fileprivate(set) var result: Result?
  }

  public static func lookUp(_ name: [UInt8]) -> Lookup {
    let lookup = Lookup()
    let hasStarted = HostThreads.start {
      lookup.result = HostThreads.waiting { resolve(name) }
      HostThreads.changed()
    }
    if !hasStarted { lookup.result = .failed }
    return lookup
  }

  private static func resolve(_ name: [UInt8]) -> Result {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let text = name.map { CChar(bitPattern: $0) } + [0]
    var list: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(text, nil, &hints, &list)
    guard status == 0 else {
      return status == EAI_NONAME || status == -5 ? .notFound : .failed
    }
    defer { unsafe freeaddrinfo(list) }
    var found: [(high: UInt64, low: UInt64)] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe address(entry.pointee) { found.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    return found.isEmpty ? .notFound : .found(found)
  }

  private static func address(_ entry: addrinfo) -> (high: UInt64, low: UInt64)? {
    guard let pointer = unsafe entry.ai_addr else { return nil }
    switch unsafe entry.ai_family {
    case AF_INET:
      let address = unsafe UnsafeRawPointer(pointer).load(as: sockaddr_in.self)
      return (0, 0xffff_0000_0000 | UInt64(UInt32(bigEndian: address.sin_addr.s_addr)))
    case AF_INET6:
      let address = unsafe UnsafeRawPointer(pointer).load(as: sockaddr_in6.self)
      let endpoint = HostEndpoint(address)
      return (endpoint.high, endpoint.low)
    default: return nil
    }
  }
}
