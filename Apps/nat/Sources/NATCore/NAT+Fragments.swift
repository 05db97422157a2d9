// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Pieces of datagrams (RFC 4787 REQ-14): nothing is put together; later pieces go the way of the
/// first, and those that overtake it wait.
extension NAT {
  /// How many pieces wait for the first of theirs.
  private static var heldFragments: Int { 16 }

  /// Notes the way of a first piece, and lets those follow that came before it.
  func remember(
    _ flow: Flow, from side: Side, address: UInt32, hop: UInt32, at now: Instant
  ) {
    let name = FragmentName(flow, from: side)
    fragments.insert(name, address: address, hop: hop, at: now)
    while let slot = store.first(name.state) {
      store.take(slot)
      let verdict = store.withFrame(slot) { frame in
        do throws(DropReason) {
          return try follow(&frame, try Flow(parsing: frame.bytes), from: side, at: now)
        } catch {
          return drop(error)
        }
      }
      if case .send(let other, _) = verdict {
        store.send(slot, to: other)
      } else {
        store.release(slot)
      }
    }
  }

  /// Sends a later piece the way of the first, or keeps it until that comes.
  func follow(
    _ frame: inout MutableRawSpan, _ flow: Flow, from side: Side, at now: Instant
  ) throws(DropReason) -> Verdict {
    guard flow.hopLimit > 1 else { throw .lostFragment }
    let name = FragmentName(flow, from: side)
    guard let way = fragments.find(name, at: now) else {
      guard store.fragmentCount < Self.heldFragments else { throw .lostFragment }
      let piece = frame.bytes.extracting(0..<flow.end)
      guard let slot = store.make(flow.end, { $0.copy(piece) }),
        store.hold(slot, for: name.state, at: now)
      else { throw .lostFragment }
      return .done
    }
    Rewriting.change(
      side == .inside ? .source : .target, of: &frame, header: Flow.header, transport: nil,
      number: flow.number, address: way.address, port: 0)
    Rewriting.decrementHopLimit(of: &frame, header: Flow.header)
    let byteCount = UInt64(flow.end - Flow.header)
    if side == .inside {
      counters.outbound &+= 1
      counters.outboundBytes &+= byteCount
    } else {
      counters.inbound &+= 1
      counters.inboundBytes &+= byteCount
    }
    var place: Int32 = -1
    return try transmit(
      &frame, flow.end, to: side == .inside ? .outside : .inside, way.hop, hint: -1,
      found: &place, at: now)
  }
}
