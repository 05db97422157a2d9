// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// What an archive in the cache must look like, so that a truncated or damaged one is noticed.
struct ArchiveRecord: Codable {
  let byteCount: Int
  let sha256: String
  /// The time of change when it was last found intact: seconds, then nanoseconds.
  let changed: [Int]

  private static func path(of archive: String) -> String { archive + ".json" }

  /// Describes `archive` in a file beside it.
  static func write(for archive: String) async throws {
    let (byteCount, changed) = try look(archive)
    let record = ArchiveRecord(
      byteCount: byteCount, sha256: try await sum(archive), changed: changed)
    try JSONEncoder().encode(record).write(
      to: URL(fileURLWithPath: path(of: archive)), options: .atomic)
  }

  /// Whether the archive is there and whole. Reads it only when its time of change is new.
  static func isIntact(_ archive: String) async throws -> Bool {
    guard let data = FileManager.default.contents(atPath: path(of: archive)),
      let record = try? JSONDecoder().decode(ArchiveRecord.self, from: data),
      let (byteCount, changed) = try? look(archive), byteCount == record.byteCount
    else { return false }
    if changed == record.changed { return true }
    guard try await sum(archive) == record.sha256 else { return false }
    try await write(for: archive)
    return true
  }

  private static func look(_ archive: String) throws -> (Int, [Int]) {
    var status = stat()
    guard stat(archive, &status) == 0 else {
      throw ToolError("cannot read the archive", at: archive)
    }
    return (Int(status.st_size), [status.st_mtim.tv_sec, status.st_mtim.tv_nsec])
  }

  private static func sum(_ archive: String) async throws -> String {
    let output = try await ExternalCommand("sha256sum", [archive]).runChecked(
      "checking the archive")
    return String(output.text.prefix(64))
  }
}
