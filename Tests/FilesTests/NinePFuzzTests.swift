// SPDX-License-Identifier: BSD-3-Clause

import Base
import Foundation
import Testing
import VFS

@testable import NineP

@Suite struct NinePFuzzTests {
  /// Damages replies at random; errors are fine, traps are not, and no exchange may be lost.
  @Test func survivesDamagedReplies() throws {
    let fuzz = VolumeFuzz(rounds: 300)
    var failures = 0
    try FileFixture.run(frameCount: 1024) { files throws in
      while fuzz.next() {
        let volume = try VolumeFixture(files, at: "/round\(fuzz.round)")
        volume.put("a", String(repeating: "contents", count: 100))
        volume.put("b", "x")
        let open = try volume.open("a")
        volume.server.tamper = { fuzz.damaged($0, $1) }
        for _ in 0..<20 {
          do { try Self.something(volume, open, &fuzz.choices) } catch { failures += 1 }
        }
        volume.server.tamper = nil
        #expect(volume.server.exchangesOut == 0)
      }
    }
    #expect(failures > 100, "the damage was never noticed, so it tested nothing")
  }

  private static func something(
    _ volume: VolumeFixture, _ open: OpenFile, _ random: inout SeededGenerator
  ) throws {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: _ = try volume.node("b")
    case 1: _ = try volume.text(open, 300)
    case 2: try volume.files.write(open, [1, 2, 3], at: 4)
    case 3: try open.node.refresh()
    case 4: _ = try volume.make("n\(Int.random(in: 0..<9, using: &random))")
    case 5:
      let directory = try volume.system.root.open([]) as! OpenDirectory
      for _ in 0..<5 {
        guard let entry = try directory.nextEntry() else { break }
        directory.position = Int64(bitPattern: entry.next)
      }
    case 6: try volume.rename("n1", "n2")
    case 7: try volume.remove("n3")
    case 8: _ = try open.pageSource().page(at: 0, forWriting: true)
    case 9: try volume.system.synchronize()
    case 10: _ = volume.system.root.statistics
    default: try open.node.truncate(to: Int64.random(in: 0..<5000, using: &random))
    }
  }
}

/// Rounds of damage: as `FuzzRun` of the Base tests.
final class VolumeFuzz {
  /// One stream of numbers for the damage, one for what is done.
  private var random: SeededGenerator
  var choices = SeededGenerator(seed: 7)
  private(set) var round = 0
  private let rounds: Int

  init(rounds: Int) {
    let text = { (name: String) in getenv(name).map { String(cString: $0) } }
    self.rounds = text("MARTLET_FUZZ_SECONDS").flatMap(Int.init).map { $0 * 100 } ?? rounds
    random = SeededGenerator(seed: text("MARTLET_FUZZ_SEED").flatMap(UInt64.init) ?? 1)
  }

  func next() -> Bool {
    round += 1
    return round <= rounds
  }

  func damaged(_ reply: [UInt8], _ received: Int) -> ([UInt8], Int) {
    var bytes = reply
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] =
          [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random)!
      }
    case 1: bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
    case 2: return (bytes, Int.random(in: 0...received, using: &random))
    default: break
    }
    return (bytes, received)
  }
}
