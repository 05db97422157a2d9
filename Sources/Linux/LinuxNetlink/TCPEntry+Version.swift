// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import LinuxSockets
import TCP

extension TCPEntry {
  /// Whether it is in the list of IPv6, which a socket of that family is with IPv4 addresses too.
  var isVersion6: Bool {
    guard let socket = observer as? Socket else { return !local.address.isIPv4 }
    return socket.family == SocketFamilies.internet6
  }
}
