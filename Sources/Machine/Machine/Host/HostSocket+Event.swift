// SPDX-License-Identifier: BSD-3-Clause

import CMachine
import Glibc

/// Something that the application itself has happen (`eventfd(2)`).
extension HostSocket {
  public static func event() -> HostSocket {
    let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(descriptor >= 0, "the host has no descriptor left")
    return HostSocket(descriptor: descriptor)
  }

  public func raise() {
    _ = eventfd_write(descriptor, 1)
  }
}
