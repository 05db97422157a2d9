// SPDX-License-Identifier: BSD-3-Clause

#if NETWORK_HOST
  import Base
  import Bytes
  import NetworkHost
  import ResolverConfiguration
  import VFS

  /// /etc/resolv.conf, /etc/hosts and /etc/hostname, where the root has none of its own.
  enum NetworkFiles {
    static func install(in namespace: Namespace) {
      let system = PseudoFileSystem(deviceNumber: 0x18, magic: 0x0102_1994)
      add("resolv.conf", in: namespace, system) { $0.resolver.resolvConf }
      add("hosts", in: namespace, system) { $0.resolver.hosts(addresses: []) }
      add("hostname", in: namespace, system) { $0.resolver.hostnameFile }
    }

    private static func add(
      _ name: StaticString, in namespace: Namespace, _ system: PseudoFileSystem,
      _ text: @escaping (NetworkHost) -> [UInt8]
    ) {
      guard let directory = try? namespace.lookup(StaticString("/etc").bytes),
        let file = try? directory.make(name.bytes, .regular, permissionBits: 0o644, device: 0)
      else { return }
      let node = TextNode(system, permissionBits: 0o644) { (builder) throws(SystemError) in
        guard let host = NetworkHost.shared else { throw .inputOutput }
        builder.append(text(host))
      }
      file.mounted = node
      node.parent = directory
      node.lastName = name.byteArray
      node.lastParent = directory
    }
  }
#endif
