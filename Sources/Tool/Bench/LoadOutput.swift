// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// What a load program measured.
struct LoadResult: Sendable, Equatable {
  /// Requests, MiB or Mbit a second.
  var rate: Double
  /// How many requests, or MiB, that was in all.
  var work: Double
}

/// Reads what load programs print. `nil` is an output that is not understood; errors that the
/// program saw are thrown.
enum LoadOutput {
  /// A row `"GET","11000.55",...` of `redis-benchmark --csv`.
  ///
  /// - Parameter requests: what `-n` said.
  static func redis(_ text: String, test: String, requests: Int) -> LoadResult? {
    for line in text.split(whereSeparator: \.isNewline) {
      let cells = line.split(separator: ",").map { $0.trimmingCharacters(in: ["\""]) }
      if cells.count >= 2, cells[0] == test, let rate = Double(cells[1]), rate > 0 {
        return LoadResult(rate: rate, work: Double(requests))
      }
    }
    return nil
  }

  /// The requests of `wrk`: its lines `N requests in 5.00s, X read` and `Requests/sec:`.
  static func wrkRequests(_ text: String) throws(ToolError) -> LoadResult? {
    try checkErrors(ofWrk: text)
    guard let count = wrkTotals(text)?.requests, let rate = value(after: "Requests/sec:", in: text),
      let number = Double(rate), count > 0
    else { return nil }
    return LoadResult(rate: number, work: count)
  }

  /// What `wrk` read, in MiB; it writes KB, MB and GB for powers of 1024.
  static func wrkTransfer(_ text: String) throws(ToolError) -> LoadResult? {
    try checkErrors(ofWrk: text)
    guard let total = wrkTotals(text)?.mebibytes,
      let rate = value(after: "Transfer/sec:", in: text).flatMap(mebibytes), total > 0
    else { return nil }
    return LoadResult(rate: rate, work: total)
  }

  /// What the receiver got by `iperf3 -J`, in Mbit a second and MiB.
  static func iperf(_ text: String) throws(ToolError) -> LoadResult? {
    struct Report: Decodable {
      struct End: Decodable { var sum_received: Sum? }
      struct Sum: Decodable {
        var bytes: Double
        var bits_per_second: Double
      }
      var end: End?
      var error: String?
    }
    guard let report = try? JSONDecoder().decode(Report.self, from: Data(text.utf8)) else {
      return nil
    }
    if let error = report.error { throw ToolError("iperf3 says: \(error)") }
    guard let sum = report.end?.sum_received, sum.bytes > 0 else { return nil }
    return LoadResult(rate: sum.bits_per_second / 1e6, work: sum.bytes / 1_048_576)
  }

  /// The lines `requests N` and `seconds S` of `Tests/Bench/load.c`.
  static func own(_ text: String) -> LoadResult? {
    guard let requests = value(after: "requests ", in: text).flatMap(Double.init),
      let seconds = value(after: "seconds ", in: text).flatMap(Double.init), seconds > 0
    else { return nil }
    return LoadResult(rate: requests / seconds, work: requests)
  }

  // MARK: Parts

  private static func checkErrors(ofWrk text: String) throws(ToolError) {
    for mark in ["Socket errors:", "Non-2xx or 3xx responses:"] {
      if let line = text.split(whereSeparator: \.isNewline).first(where: { $0.contains(mark) }) {
        throw ToolError("wrk saw errors: \(line.trimmingCharacters(in: .whitespaces))")
      }
    }
  }

  private static func wrkTotals(_ text: String) -> (requests: Double, mebibytes: Double)? {
    for line in text.split(whereSeparator: \.isNewline) where line.contains(" requests in ") {
      let words = line.split(separator: " ")
      guard words.count == 6, words[5] == "read", let requests = Double(words[0]),
        let read = mebibytes(String(words[4]))
      else { return nil }
      return (requests, read)
    }
    return nil
  }

  private static func mebibytes(_ text: String) -> Double? {
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let powers = ["B": -2, "KB": -1, "MB": 0, "GB": 1, "TB": 2]
    guard let number = Double(digits), let power = powers[String(text.dropFirst(digits.count))]
    else { return nil }
    return number * Foundation.pow(1024, Double(power))
  }

  /// The first word behind `mark`.
  private static func value(after mark: String, in text: String) -> String? {
    guard let range = text.range(of: mark) else { return nil }
    return text[range.upperBound...].split(whereSeparator: \.isWhitespace).first.map(String.init)
  }
}
