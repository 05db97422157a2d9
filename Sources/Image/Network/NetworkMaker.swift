// SPDX-License-Identifier: BSD-3-Clause

#if NETWORK_HOST
  import Addresses
  import Base
  import Bytes
  import CommandLine
  import Frames
  import Internet
  import Log
  import Machine
  import NetworkHost
  import Packets
  import Random
  import Scheduling

  /// Makes the network when the program first needs it.
  final class NetworkMaker: NetworkHostMaker {
    private let parameters: BootParameters
    private let frames: FrameAllocator

    /// The size of a packet's buffer: a frame of Ethernet and room for headers.
    private static let bufferByteCount = 2048
    /// The buffers to begin with, most of which a card takes at once; and how many there may be on
    /// the smallest machine.
    private static let bufferCount = 96
    private static let leastLimit = 320

    init(_ parameters: BootParameters, frames: FrameAllocator) {
      self.parameters = parameters
      self.frames = frames
    }

    func makeNetworkHost() -> NetworkHost? {
      // A quarter of the memory may be packets at most.
      let limit = max(Self.leastLimit, frames.totalCount * pageSize / 4 / Self.bufferByteCount)
      guard
        let pool = PacketPool(
          bufferCount: Self.bufferCount, byteCount: Self.bufferByteCount, limit: limit),
        let host = NetworkHost(
          card: makeNetworkCard(parameters, pool: pool), pool: pool,
          largeBufferLimit: max(8, limit / 256), settings: settings)
      else {
        Log.write(.error, "network", "there is too little memory for the network")
        return nil
      }
      connectNetworkCard(to: host)
      return host
    }

    private var settings: NetworkSettings {
      var settings = NetworkSettings()
      settings.hostname = parameters.hostname
      for text in parameters.networkAddresses { add(address: text, to: &settings) }
      for text in parameters.gateways {
        if let address = Self.address(text) { settings.gateways.append(address) }
      }
      for text in parameters.nameServers {
        if let address = Self.address(text) { settings.nameServers.append(address) }
      }
      return settings
    }

    private static func address(_ text: [UInt8]) -> IPAddress? {
      let address = IPAddress(text: RawSpan(_elements: text.span))
      if address == nil { complain(text) }
      return address
    }

    /// `ADDRESS/LENGTH`
    private func add(address text: [UInt8], to settings: inout NetworkSettings) {
      guard let slash = text.firstIndex(of: UInt8(ascii: "/")),
        let address = IPAddress(text: RawSpan(_elements: text.span).extracting(..<slash)),
        let length = Self.number(text[(slash + 1)...])
      else { return Self.complain(text) }
      if let address = address.ipv4 {
        settings.addresses4.append(IPv4Prefix(address, length: length))
      } else if let address = address.ipv6 {
        settings.addresses6.append(IPv6Prefix(address, length: length))
      }
    }

    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
      guard !text.isEmpty, text.count <= 3 else { return nil }
      var number = 0
      for byte in text {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        number = number * 10 + Int(byte - UInt8(ascii: "0"))
      }
      return number
    }

    private static func complain(_ text: [UInt8]) {
      let line = LogLine(.error, "network")
      line.append("this is no address: ")
      line.append(text)
      line.end()
    }
  }
#endif
