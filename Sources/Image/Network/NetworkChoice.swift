// SPDX-License-Identifier: BSD-3-Clause

#if NETWORK_HOST
  import CommandLine
  import Internet
  import Log
  import NetworkHost
  import Packets
  import Random
  import Scheduling
  import Virtio
  #if VIRTIO_NET
    import Addresses
    import VirtioNet
  #endif

  /// The machine's network card; nil when there is none, or it does not work.
  func makeNetworkCard(_ parameters: BootParameters, pool: PacketPool) -> (any NetworkCard)? {
    #if VIRTIO_NET
      guard let transport = findIdleCard(parameters) else { return nil }
      let interrupts = transport.connectInterrupts()
      do {
        let device = try VirtioNet(transport, pool: pool)
        // Of our own choice, and not a group's (IEEE 802 section 8.2).
        let address = RandomSource.next() & 0xfc_ffff_ffff_ffff | 0x02_00_0000_0000
        let card = VirtioNetCard(
          device, interrupts: interrupts, chosenAddress: MACAddress(address))
        return card
      } catch {
        Log.write(.error, "network", "the virtio network card does not work")
        return nil
      }
    #else
      return nil
    #endif
  }

  #if VIRTIO_NET
    /// The first card that nobody drives: an application may have taken one for raw frames. A
    /// device that nobody drives is in reset.
    private func findIdleCard(_ parameters: BootParameters) -> (any VirtioTransport)? {
      var found: (any VirtioTransport)?
      forEachVirtioDevice(VirtioNet.deviceKind, parameters) { transport in
        guard transport.status == [] else { return true }
        found = transport
        return false
      }
      return found
    }
  #endif

  /// Lets the card's interrupts begin rounds.
  func connectNetworkCard(to host: NetworkHost) {
    #if VIRTIO_NET
      guard let card = host.card as? VirtioNetCard, let interrupts = card.interrupts else { return }
      Scheduler.handle(interrupts.queues, by: host)
      if let line = interrupts.configuration { Scheduler.handle(line, by: host) }
      // What the device said before its line was routed.
      host.handleInterrupt()
    #endif
  }
#endif
