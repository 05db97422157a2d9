// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import NetworkStack
import Packets
import TCP

/// Carries TCP's segments to the stack.
final class TCPLink: SegmentSink {
  private let stack: NetworkStack

  init(_ stack: NetworkStack) {
    self.stack = stack
  }

  func send(_ frame: consuming Frame, from source: IPAddress, to target: IPAddress) {
    // TCP finds out what was lost.
    try? stack.send(
      frame, from: source, to: target, protocol: ProtocolNumber.tcp,
      options: SendOptions(mayFragment: false))
  }

  func path(to target: IPAddress) -> PathProperties? {
    guard let source = stack.sourceAddress(to: target) else { return nil }
    let offloads = stack.offloads(to: target)
    var path = PathProperties(source: source, mtu: stack.pathMTU(to: target))
    path.completesChecksums = offloads.contains(.transmitChecksum)
    if offloads.contains(target.isIPv4 ? .segmentationTCP4 : .segmentationTCP6) {
      path.segmentationLimit = 65_535 - 20
    }
    return path
  }
}

extension TCP: TransportProtocol {
  public func recognizes(_ error: DeliveryError) -> Bool {
    let quoted = InlineArray<1, UInt64>(repeating: error.header.bigEndian)
    return recognizes(
      from: error.source, to: error.target, quoted: RawSpan(_elements: quoted.span))
  }

  public func failed(_ error: DeliveryError, now: Instant) {
    let quoted = InlineArray<1, UInt64>(repeating: error.header.bigEndian)
    let bytes = RawSpan(_elements: quoted.span)
    switch error.kind {
    case .packetTooBig(let mtu):
      packetTooBig(mtu: mtu, from: error.source, to: error.target, quoted: bytes, now: now)
    case .protocolUnreachable, .portUnreachable, .prohibited:
      unreachable(.hard, from: error.source, to: error.target, quoted: bytes, now: now)
    case .networkUnreachable, .hostUnreachable, .timeExceeded, .parameterProblem:
      unreachable(.soft, from: error.source, to: error.target, quoted: bytes, now: now)
    }
  }
}
