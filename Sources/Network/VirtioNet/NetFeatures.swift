// SPDX-License-Identifier: BSD-3-Clause

import Virtio

/// Feature bits of network devices (virtio 1.2 section 5.1.3).
extension VirtioFeatures {
  private static func net(_ bit: UInt64) -> VirtioFeatures { VirtioFeatures(rawValue: 1 << bit) }

  /// `VIRTIO_NET_F_CSUM`: the device completes checksums of what is sent.
  static var netChecksum: VirtioFeatures { net(0) }
  /// `VIRTIO_NET_F_GUEST_CSUM`: the driver takes packets with incomplete or verified checksums.
  static var netGuestChecksum: VirtioFeatures { net(1) }
  /// `VIRTIO_NET_F_MTU`: the configuration tells the greatest MTU.
  static var netMTU: VirtioFeatures { net(3) }
  /// `VIRTIO_NET_F_MAC`: the configuration tells the address.
  static var netMAC: VirtioFeatures { net(5) }
  /// `VIRTIO_NET_F_GUEST_TSO4`: the driver takes joined TCP segments over IPv4.
  static var netGuestTSO4: VirtioFeatures { net(7) }
  /// `VIRTIO_NET_F_GUEST_TSO6`: the same over IPv6.
  static var netGuestTSO6: VirtioFeatures { net(8) }
  /// `VIRTIO_NET_F_HOST_TSO4`: the device cuts TCP segments over IPv4.
  static var netHostTSO4: VirtioFeatures { net(11) }
  /// `VIRTIO_NET_F_HOST_TSO6`: the same over IPv6.
  static var netHostTSO6: VirtioFeatures { net(12) }
  /// `VIRTIO_NET_F_MRG_RXBUF`: a packet may fill several receive buffers.
  static var netMergeableBuffers: VirtioFeatures { net(15) }
  /// `VIRTIO_NET_F_STATUS`: the configuration tells whether the link is up.
  static var netStatus: VirtioFeatures { net(16) }
  /// `VIRTIO_NET_F_CTRL_VQ`: there is a control queue.
  static var netControlQueue: VirtioFeatures { net(17) }
  /// `VIRTIO_NET_F_CTRL_RX`: the control queue takes receive modes.
  static var netControlReceive: VirtioFeatures { net(18) }

  /// What only makes sense together is left out together (section 5.1.3.1). A large packet needs
  /// mergeable buffers: ours are small.
  var withNetDependencies: VirtioFeatures {
    var features = self
    if !features.contains(.netChecksum) { features.subtract([.netHostTSO4, .netHostTSO6]) }
    if !features.isSuperset(of: [.netGuestChecksum, .netMergeableBuffers]) {
      features.subtract([.netGuestTSO4, .netGuestTSO6])
    }
    if !features.contains(.netControlQueue) { features.subtract(.netControlReceive) }
    return features
  }
}
