// SPDX-License-Identifier: BSD-3-Clause

import CHost
import Foundation
import Plan
import ToolSupport

/// Lets many connections wait at the host ports that lead to a guest.
///
/// QEMU's own network lets one connection wait at a time (`tcpx_listen` of libslirp), so that of many
/// that come at once most are made only seconds later, when their first packet is sent again. The
/// sockets are QEMU's; `listen(2)` may be called again on them, by a process that can get at them.
struct Backlogs {
  let ports: [PortMapping]

  private static let backlog: Int32 = 4096
  /// How long QEMU may take until it listens.
  private static let patience = 100
  private static let pause = 0.02

  /// Waits, in the background, until QEMU listens, and widens the backlogs. Without the right to do
  /// so everything works all the same, more slowly.
  func widen(of process: pid_t) {
    let wanted = Set(ports.filter { $0.transport == .tcp }.map { Int($0.host) })
    guard !wanted.isEmpty else { return }
    Thread.detachNewThread {
      var missing = wanted
      for _ in 0..<Self.patience where !missing.isEmpty {
        Thread.sleep(forTimeInterval: Self.pause)
        for (port, descriptor) in Self.listeners(of: process) where missing.contains(port) {
          let failure = martlet_set_backlog(process, descriptor, Self.backlog)
          if failure != 0 {
            let reason = String(cString: strerror(failure))
            Log.tool.debug("the backlog of port \(port) stays: \(reason)")
          }
          missing.remove(port)
        }
      }
    }
  }

  /// The ports that a process listens on, each with its descriptor.
  private static func listeners(of process: pid_t) -> [(port: Int, descriptor: Int32)] {
    let sockets = listeningSockets(of: process)
    guard !sockets.isEmpty else { return [] }
    let folder = "/proc/\(process)/fd"
    let manager = FileManager.default
    return ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
      guard let target = try? manager.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
        target.hasPrefix("socket:["), let descriptor = Int32(name),
        let port = sockets[String(target.dropFirst("socket:[".count).dropLast())]
      else { return nil }
      return (port, descriptor)
    }
  }

  /// The listening sockets of a process's network by their inode (proc(5), /proc/net/tcp).
  static func listeningSockets(of process: pid_t) -> [String: Int] {
    var sockets: [String: Int] = [:]
    for name in ["tcp", "tcp6"] {
      guard let text = try? String(contentsOfFile: "/proc/\(process)/net/\(name)", encoding: .utf8)
      else { continue }
      for line in text.split(separator: "\n").dropFirst() {
        let words = line.split(separator: " ")
        guard words.count > 9, words[3] == "0A",
          let port = words[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) })
        else { continue }
        sockets[String(words[9])] = port
      }
    }
    return sockets
  }
}
