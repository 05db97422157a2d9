// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// What QEMU can count while a guest runs.
struct GuestCounts: Sendable, Equatable {
  /// Executed by the guest; a halted processor executes none.
  var instructions = 0.0
  /// The guest told a virtio device that there is work.
  var notifications = 0.0
  /// Delivered by the local APIC: devices' and the timer's.
  var interrupts = 0.0
  /// Reads and writes of other registers of devices and of the local APIC.
  var accesses = 0.0

  /// What would leave a virtual machine with hardware support.
  var exits: Double { notifications + accesses }

  static func - (one: GuestCounts, other: GuestCounts) -> GuestCounts {
    GuestCounts(
      instructions: one.instructions - other.instructions,
      notifications: one.notifications - other.notifications,
      interrupts: one.interrupts - other.interrupts, accesses: one.accesses - other.accesses)
  }

  /// Counts a line of QEMU's log of trace events.
  mutating func count(traceLine line: some StringProtocol) {
    if line.hasPrefix("virtio_queue_notify ") {
      notifications += 1
    } else if line.hasPrefix("apic_deliver_irq ") || line.hasPrefix("apic_local_deliver ") {
      interrupts += 1
    } else if line.hasPrefix("memory_region_ops_"), !Self.isMessage(line) {
      accesses += 1
    }
  }

  /// Whether a device sends an interrupt: it writes to the local APIC's page as the guest does, but
  /// below its first register (SDM 3A, sections 11.4.1 and 11.11.1).
  private static func isMessage(_ line: some StringProtocol) -> Bool {
    guard line.hasSuffix("'apic-msi'"), line.hasPrefix("memory_region_ops_write"),
      let mark = line.range(of: " addr 0x"),
      let word = line[mark.upperBound...].split(separator: " ").first,
      let address = UInt64(word, radix: 16)
    else { return false }
    return address & 0xfff < 0x20
  }
}

/// Reads the counts of a running QEMU from the files that it writes.
final class GuestCounters {
  private static let events = [
    "virtio_queue_notify", "apic_deliver_irq", "apic_local_deliver", "memory_region_ops_read",
    "memory_region_ops_write",
  ]

  private let plugin: String
  private let countFile: String
  private let traceFile: String
  private var counts = GuestCounts()
  private var offset: UInt64 = 0
  private var rest = ""

  /// Compiles the plugin; the files are made in `folder`.
  init(folder: String) async throws {
    plugin = "\(try Paths.cache("bench"))/instructions.so"
    countFile = "\(folder)/instructions"
    traceFile = "\(folder)/trace"
    let source = "\(Repository.root)/Tests/Bench/instructions.c"
    try await ExternalCommand("cc", ["-O2", "-shared", "-fPIC", "-o", plugin, source])
      .runChecked("compiling instructions.c")
  }

  /// Where both Martlet's kernel and Linux's have their code, and firmware has not.
  private static let kernelStart = "0x7e0000000000"

  /// What QEMU must be told.
  var arguments: [String] {
    [
      "-plugin", "\(plugin),count=\(countFile),after=\(Self.kernelStart)", "-D", traceFile, "-d",
      Self.events.map { "trace:\($0)" }.joined(separator: ","),
    ]
  }

  /// The counts since the guest's start.
  func read() throws -> GuestCounts {
    guard let bytes = FileManager.default.contents(atPath: countFile), bytes.count == 8,
      let file = FileHandle(forReadingAtPath: traceFile)
    else {
      throw ToolError(
        "QEMU counted no instructions", at: countFile,
        advice: "It needs a QEMU with plugins and traces to its log, such as Debian's.")
    }
    defer { try? file.close() }
    counts.instructions = Double(bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    try file.seek(toOffset: offset)
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      offset += UInt64(piece.count)
      let lines = (rest + String(decoding: piece, as: UTF8.self))
        .split(separator: "\n", omittingEmptySubsequences: false)
      for line in lines.dropLast() { counts.count(traceLine: line) }
      rest = String(lines.last ?? "")
    }
    return counts
  }
}
