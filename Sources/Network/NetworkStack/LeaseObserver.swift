// SPDX-License-Identifier: BSD-3-Clause

import DHCP

/// Who wants to know which lease holds.
public protocol LeaseObserver: AnyObject {
  /// The address of a lease is in use, or, with nil, no longer.
  func leaseChanged(_ lease: DHCPLease?)
}
