// SPDX-License-Identifier: BSD-3-Clause

import LinuxCore

/// What an image without networking says to programs that ask for a socket.
enum SocketCalls {
  /// `int socket(int domain, int type, int protocol)`: programs take `EAFNOSUPPORT` as "there is
  /// no such network" and go on, where `ENOSYS` would look like an error of the system.
  static func make(_ call: SystemCall) throws(Errno) -> Int {
    throw .addressFamilyNotSupported
  }
}
