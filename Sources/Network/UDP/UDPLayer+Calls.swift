// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import Packets

/// What sockets call.
extension UDPLayer {
  /// Gives an endpoint an address and a port; any address and port 0 let the host choose.
  public func bind(
    _ endpoint: UDPEndpoint, to local: Endpoint, sink: some InternetSink
  ) throws(UDPError) {
    guard !endpoint.isClosed, !endpoint.isBound else { throw .invalid }
    var address = local.address
    if address.isAny { address = UDPEndpoint.anyAddress(endpoint.isIPv6) }
    guard address.isAny || endpoint.speaks(address) else { throw .wrongVersion }
    guard
      address.isAny || sink.isLocal(address) || address.isMulticast || sink.isBroadcast(address)
    else { throw .addressNotAvailable }
    let port = local.port == 0 ? try freePort(for: endpoint, address) : local.port
    guard isFree(port, for: endpoint, address) else { throw .addressInUse }
    endpoint.local = Endpoint(address, port)
    link(endpoint)
  }

  private func isFree(_ port: UInt16, for endpoint: UDPEndpoint, _ address: IPAddress) -> Bool {
    var next = buckets[Self.bucket(of: port)]
    while let other = next {
      if other.conflicts(with: address, port, of: endpoint) { return false }
      next = other.next
    }
    return true
  }

  /// Any free port, so that an attacker far away cannot guess it (RFC 6056 section 3.3.2).
  private func freePort(
    for endpoint: UDPEndpoint, _ address: IPAddress
  ) throws(UDPError) -> UInt16 {
    let first = Int(Self.ephemeralPorts.lowerBound)
    let count = Self.ephemeralPorts.count
    var offset = Int(random() % UInt64(count))
    for _ in 0..<count {
      let port = UInt16(truncatingIfNeeded: first + offset)
      if isFreeOfAll(port), isFree(port, for: endpoint, address) { return port }
      offset = offset + 1 == count ? 0 : offset + 1
    }
    throw .addressInUse
  }

  /// A port that the host chooses is shared with nobody, also when sharing is allowed.
  private func isFreeOfAll(_ port: UInt16) -> Bool {
    var next = buckets[Self.bucket(of: port)]
    while let other = next {
      if other.local.port == port { return false }
      next = other.next
    }
    return true
  }

  /// Fixes the other end: datagrams from elsewhere are not taken, errors are reported.
  public func connect(
    _ endpoint: UDPEndpoint, to remote: Endpoint, sink: some InternetSink
  ) throws(UDPError) {
    guard !endpoint.isClosed else { throw .invalid }
    let address = Self.loopbackIfAny(remote.address)
    guard endpoint.speaks(address) else { throw .wrongVersion }
    guard endpoint.options.allowsBroadcast || !sink.isBroadcast(address) else {
      throw .broadcastNotAllowed
    }
    guard let source = sink.sourceAddress(to: address) else { throw .noRoute }
    if !endpoint.isBound {
      try bind(endpoint, to: Endpoint(endpoint.local.address, 0), sink: sink)
    }
    if endpoint.local.address.isAny || endpoint.hasChosenAddress {
      endpoint.local = Endpoint(source, endpoint.local.port)
      endpoint.hasChosenAddress = true
    }
    endpoint.remote = Endpoint(address, service == .echo ? 0 : remote.port)
    endpoint.error = nil
  }

  /// Undoes `connect` (AF_UNSPEC). The port stays; an address that `connect` has chosen goes.
  public func disconnect(_ endpoint: UDPEndpoint) {
    endpoint.remote = nil
    endpoint.error = nil
    guard endpoint.hasChosenAddress else { return }
    endpoint.hasChosenAddress = false
    endpoint.local = Endpoint(UDPEndpoint.anyAddress(endpoint.isIPv6), endpoint.local.port)
  }

  /// "To any" means "to myself", as on Linux.
  private static func loopbackIfAny(_ address: IPAddress) -> IPAddress {
    guard address.isAny else { return address }
    return address.isIPv4 ? IPAddress(IPv4Address.loopback) : IPAddress(IPv6Address.loopback)
  }

  /// A frame for a payload of `byteCount` bytes, which the caller fills and gives to `send`.
  public func makePayload(byteCount: Int) throws(UDPError) -> Frame {
    guard byteCount <= 65_527 else { throw .messageTooLong }
    guard let frame = Frame.allocate(byteCount: byteCount, from: pool) else { throw .noBuffers }
    return frame
  }

  /// Sends a payload to `target`, or to where the endpoint is connected.
  ///
  /// - Parameter source: the address to send from (IP_PKTINFO); nil for the endpoint's.
  public func send(
    _ payload: consuming Frame, on endpoint: UDPEndpoint, to target: Endpoint? = nil,
    from source: IPAddress? = nil, sink: some InternetSink
  ) throws(UDPError) {
    guard !endpoint.isClosed else { throw .invalid }
    if let error = endpoint.takeError() { throw error }
    guard var remote = target ?? endpoint.remote else { throw .notConnected }
    remote = Endpoint(Self.loopbackIfAny(remote.address), remote.port)
    guard remote.port != 0 || service == .echo else { throw .invalid }
    guard endpoint.speaks(remote.address) else { throw .wrongVersion }
    guard endpoint.options.allowsBroadcast || !sink.isBroadcast(remote.address) else {
      throw .broadcastNotAllowed
    }
    if !endpoint.isBound {
      try bind(endpoint, to: Endpoint(endpoint.local.address, 0), sink: sink)
    }
    var from = source ?? endpoint.local.address
    if from.isAny || from.isMulticast || sink.isBroadcast(from) {
      guard let chosen = sink.sourceAddress(to: remote.address) else { throw .noRoute }
      from = chosen
    }
    guard from.isIPv4 == remote.address.isIPv4 else { throw .wrongVersion }
    let options = endpoint.options
    let sendOptions = SendOptions(
      hopLimit: remote.address.isMulticast ? options.multicastHopLimit : options.hopLimit,
      trafficClass: options.trafficClass, mayFragment: options.mayFragment,
      loopsMulticast: options.loopsMulticast)
    if service == .echo {
      try sendRequest(
        payload, of: endpoint, from: from, to: remote.address, options: sendOptions, sink: sink)
      return
    }
    let length = payload.byteCount + Self.headerByteCount
    guard length + (from.isIPv4 ? 20 : 0) <= 65_535 else { throw .messageTooLong }
    guard payload.head.prepend(Self.headerByteCount) else { throw .noBuffers }
    let isWhole = length + (from.isIPv4 ? 20 : 40) <= sink.pathMTU(to: remote.address)
    let isOffloaded = isWhole && sink.offloads(to: remote.address).contains(.transmitChecksum)
    Self.writeHeader(
      &payload, from: Endpoint(from, endpoint.local.port), to: remote, isOffloaded: isOffloaded)
    do throws(SendError) {
      try sink.send(
        payload, from: from, to: remote.address, protocol: ProtocolNumber.udp,
        options: sendOptions)
    } catch {
      throw UDPError(error)
    }
  }

  /// Writes the header at the front of the head, which has grown for it.
  static func writeHeader(
    _ frame: inout Frame, from source: Endpoint, to target: Endpoint, isOffloaded: Bool
  ) {
    let length = frame.byteCount
    frame.head.withMutableBytes { bytes in
      bytes.storeBigEndian(UInt32(source.port) << 16 | UInt32(target.port), at: 0)
      bytes.storeBigEndian(UInt32(length) << 16, at: 4)
    }
    var sum = InternetChecksum(
      from: source.address, to: target.address, protocol: ProtocolNumber.udp, byteCount: length)
    if isOffloaded {
      frame.head.withMutableBytes { $0.storeBigEndian(sum.partial, at: 6) }
      frame.head.offload.checksum = .needed(
        start: UInt16(truncatingIfNeeded: frame.head.start), offset: 6)
      return
    }
    sum.add(frame)
    let value = sum.value
    frame.head.withMutableBytes { $0.storeBigEndian(value == 0 ? 0xffff : value, at: 6) }
  }

  // MARK: - Groups

  /// Lets an endpoint receive what is sent to a group. False when it is a member already, or it is
  /// no group, or there are too many.
  public func join(_ group: IPAddress, on endpoint: UDPEndpoint) -> Bool {
    guard group.isMulticast, endpoint.groups.count < 20, !endpoint.groups.contains(group),
      !endpoint.isClosed
    else { return false }
    for index in memberships.indices where memberships[index].group == group {
      memberships[index].count += 1
      endpoint.groups.append(group)
      return true
    }
    guard memberships.count < 64 else { return false }
    memberships.append((group, 1))
    endpoint.groups.append(group)
    return true
  }

  /// Undoes `join`. False when it is no member.
  public func leave(_ group: IPAddress, on endpoint: UDPEndpoint) -> Bool {
    guard let index = endpoint.groups.firstIndex(of: group) else { return false }
    endpoint.groups.remove(at: index)
    leave(group)
    return true
  }

  func leave(_ group: IPAddress) {
    for index in memberships.indices where memberships[index].group == group {
      memberships[index].count -= 1
      if memberships[index].count == 0 { memberships.remove(at: index) }
      return
    }
  }

  /// Whether any endpoint is a member of a group.
  public func isMember(of group: IPAddress) -> Bool {
    memberships.contains { $0.group == group }
  }
}
