// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// Files that are on their way through local sockets (`SCM_RIGHTS`).
///
/// Each is held open as by a descriptor. A socket can be on its way through itself, or two through
/// each other, and then nobody can ever take them out: such are found when the last descriptor of
/// one closes, and dropped. Besides, there is a limit for all together.
enum LocalFlight {
  /// The most files that may be on their way at one time (Linux has `RLIMIT_NOFILE` for that).
  static let limit = 4096

  private static let total = KernelGlobal(0)
  /// Local sockets among them.
  private static let socketTotal = KernelGlobal(0)

  /// How many files are on their way.
  static var count: Int { total.value }

  /// Throws `tooManyReferences` when `count` more are too many.
  static func check(_ count: Int) throws(SystemError) {
    guard count == 0 || total.value + count <= limit else { throw .tooManyReferences }
  }

  /// Files set out.
  static func begin(_ files: [OpenFile]) {
    for file in files {
      file.descriptorDidOpen()
      total.value += 1
      guard let socket = file as? LocalSocket else { continue }
      socket.flightCount += 1
      socketTotal.value += 1
    }
  }

  /// Files have come; whoever takes them holds them open now.
  static func land(_ files: [OpenFile]) {
    for file in files {
      total.value -= 1
      guard let socket = file as? LocalSocket else { continue }
      socket.flightCount -= 1
      socketTotal.value -= 1
    }
  }

  /// Files that are to be closed. Closing one can drop others; a list keeps that from going deep.
  private static let pending = KernelGlobal<[OpenFile]>([])
  private static let isDropping = KernelGlobal(false)

  /// Nobody will take these files.
  static func drop(_ files: [OpenFile]) {
    land(files)
    pending.value += files
    guard !isDropping.value else { return }
    isDropping.value = true
    while let file = pending.value.popLast() { file.descriptorDidClose() }
    pending.value = []
    isDropping.value = false
  }

  /// A descriptor of the socket has closed. Drops what nobody can reach any more.
  static func descriptorDidClose(of socket: LocalSocket) {
    guard socketTotal.value > 0, socket.isOnlyInFlight else { return }
    // Whatever is reached from a socket with a descriptor can be taken out.
    var pending: [LocalSocket] = []
    for candidate in LocalSocket.all {
      candidate.isReached = candidate.descriptorCount > candidate.flightCount
      if candidate.isReached { pending.append(candidate) }
    }
    while let reached = pending.popLast() {
      reached.forEachSocketInside { inside in
        guard !inside.isReached else { return }
        inside.isReached = true
        pending.append(inside)
      }
    }
    var lost: [LocalSocket] = []
    for candidate in LocalSocket.all where candidate.isOnlyInFlight && !candidate.isReached {
      lost.append(candidate)
    }
    for socket in lost { socket.dropInbox() }
  }
}
