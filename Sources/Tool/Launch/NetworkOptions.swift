// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// How a guest reaches the network: its virtio network cards and what is behind each.
public struct NetworkOptions: Sendable, Equatable {
  /// What is behind the card.
  public enum Backend: Sendable, Equatable {
    /// QEMU's own network: the guest reaches out through the host's sockets, and host ports lead
    /// in. Needs no privileges.
    case user
    /// A tap device of the host, which exists and which the user may open.
    case tap(String)

    /// The longest name of a network device on Linux, IFNAMSIZ without its NUL.
    private static let nameLimit = 15

    /// Parses `user` or `tap:NAME`; `nil` when it is neither.
    public init?(_ text: String) {
      if text == "user" {
        self = .user
        return
      }
      let name = text.dropFirst("tap:".count)
      guard text.hasPrefix("tap:"), (1...Self.nameLimit).contains(name.utf8.count),
        !name.contains(where: { $0 == "/" || $0 == "," || $0.isWhitespace })
      else { return nil }
      self = .tap(String(name))
    }
  }

  /// Which addresses the guest has, as its command line says it.
  public struct Addressing: Sendable, Equatable {
    /// Each as `ADDRESS/LENGTH`. With none the guest asks a DHCP server.
    public var addresses: [String]
    public var gateways: [String]
    public var nameServers: [String]

    public init(addresses: [String] = [], gateways: [String] = [], nameServers: [String] = []) {
      self.addresses = addresses
      self.gateways = gateways
      self.nameServers = nameServers
    }

    /// What QEMU's own network would give by DHCP (QEMU's manual, "-netdev user"). The guest is told
    /// so that its first packet need not wait.
    static let user = Addressing(
      addresses: ["10.0.2.15/24"], gateways: ["10.0.2.2"], nameServers: ["10.0.2.3"])
  }

  /// What is behind each card, in the guest's order; at least one, and `user` once at most.
  public var backends: [Backend]
  /// For the card that the guest's own network takes.
  public var addressing: Addressing
  /// Host ports that lead to the guest; only with `user`.
  public var ports: [PortMapping]
  /// The path of a pcap file that gets every packet of the card.
  public var capture: String?

  /// - Parameter addressing: nil for what the backend gives.
  public init(
    backend: Backend = .user, addressing: Addressing? = nil, ports: [PortMapping] = [],
    capture: String? = nil
  ) {
    self.init(backends: [backend], addressing: addressing, ports: ports, capture: capture)
  }

  /// Several cards.
  public init(
    backends: [Backend], addressing: Addressing? = nil, ports: [PortMapping] = [],
    capture: String? = nil
  ) {
    precondition(!backends.isEmpty, "a network without a card")
    self.backends = backends
    self.addressing = addressing ?? (backends.contains(.user) ? .user : Addressing())
    self.ports = ports
    self.capture = capture
  }

  /// The most cards: microvm has eight places for devices of all kinds.
  public static let cardLimit = 4

  /// QEMU's words for the cards, on the bus of `machine`; `name` decides their addresses.
  func arguments(machine: LaunchOptions.Machine, name: String) -> [String] {
    var words = backends.indices.flatMap { card($0, machine: machine, name: name) }
    if let capture {
      let file = EmulatorWords.escaped(capture)
      words += ["-object", "filter-dump,id=capture,netdev=net,file=\(file)"]
    }
    return words
  }

  private func card(_ index: Int, machine: LaunchOptions.Machine, name: String) -> [String] {
    let id = index == 0 ? "net" : "net\(index)"
    var device =
      machine == .microvm
      ? "virtio-net-device,netdev=\(id)"
      : "virtio-net-pci,netdev=\(id),disable-legacy=on,romfile="
    // Behind QEMU's own network the guest is alone; on a bridge it must differ from others.
    if case .tap = backends[index] {
      device += ",mac=\(Self.hardwareAddress(for: index == 0 ? name : "\(name) \(index)"))"
    }
    return ["-netdev", netdev(backends[index], id: id), "-device", device]
  }

  private func netdev(_ backend: Backend, id: String) -> String {
    switch backend {
    case .user:
      return ports.reduce("user,id=\(id)") {
        $0 + ",hostfwd=\($1.transport.rawValue):\($1.address):\($1.host)-:\($1.guest)"
      }
    case .tap(let name):
      // With offloads a capture would have QEMU's header before each packet, and checksums that
      // nobody has made yet.
      let offloads = capture == nil ? "" : ",vnet_hdr=off"
      return "tap,id=\(id),ifname=\(name),script=no,downscript=no\(offloads)"
    }
  }

  /// QEMU's prefix and three bytes that the name decides: the same in each run.
  static func hardwareAddress(for name: String) -> String {
    let digits = Array(ContentHash.name(of: [name]).prefix(6))
    let pairs = stride(from: 0, to: 6, by: 2).map { String(digits[$0...$0 + 1]) }
    return (["52", "54", "00"] + pairs).joined(separator: ":")
  }

  /// What is wrong when QEMU ended with `said`, in the user's words; `nil` for anything else.
  func explained(_ said: String) -> ToolError? {
    if said.contains("host forwarding rule") {
      let port = ports.first { said.contains(":\($0.address):\($0.host)-") }
      let place = port.map { "port \($0.host) of \($0.address)" } ?? "a host port"
      return ToolError(
        "cannot listen on \(place)",
        advice: "Something else listens there, or it needs privileges: choose another -p.")
    }
    for case .tap(let name) in backends where said.contains(name) && said.contains("tun") {
      return ToolError(
        "cannot open the tap device '\(name)'\n  \(said)",
        advice: "Make it: ip tuntap add \(name) mode tap user $USER; ip link set \(name) up.")
    }
    return nil
  }
}
