// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// A wire between two cards: each frame of the one goes out by the other as it is.
@main
struct Forwarder {
  /// Rounds that find nothing before the processor sleeps: a frame that comes meanwhile costs no
  /// interrupt.
  private static let patience = 16

  static func main() throws(NetworkPortError) {
    let left = try NetworkPort(0)
    let right = try NetworkPort(1)
    var onwards = Lane(from: left, to: right)
    var back = Lane(from: right, to: left)
    Console.output.write("forwarding\n")
    var idleRounds = 0
    while true {
      let hasMoved = onwards.move()
      if back.move() || hasMoved {
        idleRounds = 0
      } else if idleRounds < patience {
        idleRounds += 1
        NetworkPort.pause()
      } else {
        NetworkPort.wait()
        idleRounds = 0
      }
    }
  }
}
