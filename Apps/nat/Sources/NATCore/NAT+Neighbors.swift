// SPDX-License-Identifier: BSD-3-Clause

import ARP
import Addresses
import Base
import Bytes

/// Finding the stations of addresses, and being found.
extension NAT {
  /// How many frames wait for one neighbour.
  private static var heldPerNeighbor: Int { 4 }

  /// Gives a frame its stations and says that it is to be sent; or holds it until its neighbour
  /// has answered.
  ///
  /// - Parameters:
  ///   - hint: where the neighbour was found last.
  ///   - found: becomes the place where it is.
  @inline(__always)
  func transmit(
    _ frame: inout MutableRawSpan, _ byteCount: Int, to side: Side, _ hop: UInt32, hint: Int32,
    found: inout Int32, at now: Instant
  ) throws(DropReason) -> Verdict {
    var index = hint
    if index < 0 || neighbors.records[Int(index)].address != hop
      || neighbors.records[Int(index)].side != side
    {
      index = neighbors.find(hop, on: side)
      if index < 0 {
        index = neighbors.insert(hop, on: side)
        guard index >= 0 else { throw .noNeighbor }
        ask(index, at: now)
      }
      found = index
    }
    if neighbors.records[Int(index)].nextTry <= now { renew(index, at: now) }
    guard neighbors.records[Int(index)].state == .known else {
      try hold(frame.bytes.extracting(0..<byteCount), for: index)
      return .done
    }
    address(&frame, to: index, on: side)
    return .send(side, byteCount: byteCount)
  }

  @inline(__always)
  private func address(_ frame: inout MutableRawSpan, to index: Int32, on side: Side) {
    neighbors.records[Int(index)].station.store(in: &frame, at: 0)
    interface(side).station.store(in: &frame, at: 6)
  }

  private func hold(_ frame: RawSpan, for index: Int32) throws(DropReason) {
    guard store.count(.neighbor(index)) < Self.heldPerNeighbor,
      let slot = store.make(frame.byteCount, { $0.copy(frame) }),
      store.hold(slot, for: .neighbor(index))
    else { throw .noBuffer }
  }

  /// Asks for a known neighbour again, and forgets what is too old.
  private func renew(_ index: Int32, at now: Instant) {
    let neighbor = neighbors.records[Int(index)]
    // Those that are asked for have their turn in `askAgain`.
    guard neighbor.state == .known else { return }
    if now - neighbor.confirmed > NeighborTable.lifetime { neighbors.doubt(index) }
    ask(index, at: now)
  }

  private func ask(_ index: Int32, at now: Instant) {
    let neighbor = neighbors.records[Int(index)]
    neighbors.records[Int(index)].nextTry = now + NeighborTable.interval
    neighbors.records[Int(index)].tries &+= 1
    let own = interface(neighbor.side)
    let message = ARPMessage.request(
      for: IPv4Address(neighbor.address), from: own.prefix.address, own.station)
    let slot = store.make(Link.headerByteCount + ARPMessage.byteCount) { frame in
      MACAddress.broadcast.store(in: &frame, at: 0)
      own.station.store(in: &frame, at: 6)
      frame.storeBigEndian(UInt16(0x0806), at: 12)
      message.store(in: &frame, at: Link.headerByteCount)
    }
    // Without room the next turn asks.
    if let slot { store.send(slot, to: neighbor.side) }
  }

  /// Asks again for neighbours that have not answered, and gives up those that do not.
  func askAgain(at now: Instant) {
    guard neighbors.askedCount > 0 else { return }
    for index in 0..<Int32(NeighborTable.capacity) {
      let neighbor = neighbors.records[Int(index)]
      guard neighbor.state == .asked, neighbor.nextTry <= now else { continue }
      if neighbor.tries < NeighborTable.tryLimit {
        ask(index, at: now)
      } else {
        while let slot = store.first(.neighbor(index)) { giveUp(slot, neighbor.side, at: now) }
        neighbors.remove(index)
      }
    }
  }

  /// Tells the sender of a held frame that its neighbour does not answer.
  ///
  /// The frame has been translated: an error that quotes it is translated back as if it had come
  /// from that side.
  private func giveUp(_ slot: Int, _ side: Side, at now: Instant) {
    _ = drop(.noNeighbor)
    let error = store.withFrame(slot) { makeHostUnreachable($0.bytes, side) }
    store.release(slot)
    guard let error else { return }
    let verdict = store.withFrame(error) { frame in
      do throws(DropReason) {
        let failure = try Flow(parsing: frame.bytes, allowingSameEnds: true)
        return side == .outside
          ? try inboundFailure(&frame, failure, at: now)
          : try outboundFailure(&frame, failure, at: now)
      } catch {
        // An error about a session that has ended goes to nobody.
        return Verdict.done
      }
    }
    if case .send(let back, _) = verdict {
      counters.errors &+= 1
      store.send(error, to: back)
    } else {
      store.release(error)
    }
  }

  private func makeHostUnreachable(_ lost: RawSpan, _ side: Side) -> Int? {
    do throws(DropReason) {
      let flow = try Flow(parsing: lost)
      guard flow.content != .failure, flow.content != .laterFragment else { return nil }
      return makeError(
        .hostUnreachable, lost, flow.end, from: interface(side).address, to: flow.source)
    } catch {
      return nil
    }
  }

  /// Answers questions for its own addresses, and learns from what others say.
  func takeARP(_ frame: inout MutableRawSpan, from side: Side, at now: Instant) -> Verdict {
    let own = interface(side)
    guard frame.byteCount >= Link.headerByteCount + ARPMessage.byteCount,
      let message = ARPMessage(parsing: frame.bytes.extracting(droppingFirst: 14)),
      MACAddress(frame.bytes, at: 6) == message.senderStation
    else { return drop(.malformed) }
    if message.sender != .any {
      // Somebody else who claims our address, or one that cannot be there.
      guard own.mayHave(message.sender.rawValue) else { return drop(.spoofed) }
      learn(message, on: side, at: now)
    }
    guard message.operation == .request, message.target == own.prefix.address else { return .done }
    let reply = message.reply(from: own.station)
    message.senderStation.store(in: &frame, at: 0)
    own.station.store(in: &frame, at: 6)
    reply.store(in: &frame, at: Link.headerByteCount)
    return .send(side, byteCount: Link.headerByteCount + ARPMessage.byteCount)
  }

  /// RFC 826 section "Packet Reception": what is known is updated; only who speaks to us is added.
  private func learn(_ message: ARPMessage, on side: Side, at now: Instant) {
    var index = neighbors.find(message.sender.rawValue, on: side)
    if index < 0 {
      guard message.operation == .request, message.target == interface(side).prefix.address else {
        return
      }
      index = neighbors.insert(message.sender.rawValue, on: side)
    }
    guard index >= 0 else { return }
    neighbors.confirm(index, message.senderStation, at: now)
    while let slot = store.first(.neighbor(index)) {
      store.take(slot)
      store.withFrame(slot) { address(&$0, to: index, on: side) }
      store.send(slot, to: side)
    }
  }
}
