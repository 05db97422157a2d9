// SPDX-License-Identifier: BSD-3-Clause

import Martlet

@main
struct Raw {
  static func say(_ text: String) { Console.output.write("\(text)\n") }

  static func failure(_ body: () throws(BlockDeviceError) -> Void) -> String {
    do throws(BlockDeviceError) { try body() } catch {
      switch error {
      case .noSuchDevice: return "noSuchDevice"
      case .outOfRange: return "outOfRange"
      case .unaligned: return "unaligned"
      case .readOnly: return "readOnly"
      default: return "another"
      }
    }
    return "nothing"
  }

  static func main() throws(BlockDeviceError) {
    let disk = try BlockDevice(0)
    let constant = try BlockDevice(1)
    say("\(BlockDevice.count) disks of \(disk.blockCount) and \(constant.blockCount) blocks")
    say("of \(disk.blockSize) bytes")
    say("read only \(disk.isReadOnly) \(constant.isReadOnly)")
    say("third " + failure { () throws(BlockDeviceError) in _ = try BlockDevice(2) })

    var first = try disk.read(at: 0, count: 1)
    first[0] &+= 1
    say("boot \(first[0])")
    try disk.write(at: 0, first)

    // More than all requests at a time can hold.
    var big = try disk.read(at: 1, count: 4000)
    for index in big.indices { big[index] &+= UInt8(truncatingIfNeeded: index >> 9) &+ 1 }
    try disk.write(at: 1, big)
    say("back \(try disk.read(at: 1, count: 4000) == big)")
    try disk.zero(at: 5000, count: 100)
    try disk.discard(at: 6000, count: 8)
    try disk.flush()

    let one = [UInt8](repeating: 7, count: 512)
    let end = disk.blockCount
    say("end " + failure { () throws(BlockDeviceError) in try disk.write(at: end, one) })
    say("below " + failure { () throws(BlockDeviceError) in try disk.write(at: -1, one) })
    say("part " + failure { () throws(BlockDeviceError) in try disk.write(at: 0, [1, 2, 3]) })
    say("constant " + failure { () throws(BlockDeviceError) in try constant.write(at: 0, one) })
    let last = try constant.read(at: constant.blockCount - 1, count: 1)
    say("last \(last[511])")

    let threads = (0..<4).map { number in
      Thread.start {
        for round in 0..<20 {
          let place = 8000 + number * 20 + round
          let bytes = [UInt8](repeating: UInt8(number * 20 + round), count: 512)
          guard (try? disk.write(at: place, bytes)) != nil,
            let back = try? disk.read(at: place, count: 1), back == bytes
          else { return say("thread \(number) failed") }
        }
      }
    }
    for thread in threads { thread?.join() }
    say("threads \(try disk.read(at: 8079, count: 1)[0])")
  }
}
