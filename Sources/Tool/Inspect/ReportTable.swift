// SPDX-License-Identifier: BSD-3-Clause

/// An inspection as text for people.
struct ReportTable {
  let report: InspectionReport
  /// Whether it says of each library why it is in.
  var isVerbose = false

  var text: String {
    var topics = [heading, libraries]
    if report.functions != nil { topics.append(functions) }
    topics += [segments, sections]
    if !report.systemCalls.isEmpty { topics.append(systemCalls) }
    if !report.configuration.isEmpty { topics.append(configuration) }
    return topics.joined(separator: "\n\n") + "\n"
  }

  private var heading: String {
    var lines = [
      report.application, "  kernel        \(report.kernelBytes) bytes  \(report.kernel)",
    ]
    if let archive = report.archive {
      lines.append("  root archive  \(archive.bytes) bytes  \(archive.path)")
    }
    return (lines + ["  entry         \(report.entry)"]).joined(separator: "\n")
  }

  private var libraries: String {
    let sorted = report.libraries.sorted { ($1.fileBytes, $0.name) < ($0.fileBytes, $1.name) }
    let why = isVerbose ? ["in because"] : []
    var rows = [["library", "text", "constants", "data", "zeroed", "in file"] + why]
    rows += sorted.map { share in
      [share.name]
        + [share.text, share.constants, share.data, share.zeroed, share.fileBytes].map(String.init)
        + (isVerbose ? [share.why.joined(separator: " → ")] : [])
    }
    let sum = { (part: (InspectionReport.Library) -> Int) in String(sorted.map(part).reduce(0, +)) }
    rows.append(
      ["all", sum(\.text), sum(\.constants), sum(\.data), sum(\.zeroed), sum(\.fileBytes)])
    return "Bytes per micro-library\n" + Self.table(rows)
  }

  private var functions: String {
    let rows = (report.functions ?? []).map {
      [String($0.bytes), $0.kind.rawValue, $0.library, $0.name]
    }
    return "Functions and variables\n" + Self.table([["bytes", "", "library", "name"]] + rows)
  }

  private var segments: String {
    let rows = report.segments.map { segment in
      [
        segment.permissions, segment.virtualAddress, segment.physicalAddress,
        String(segment.fileBytes), String(segment.memoryBytes),
      ]
    }
    return "Segments (none is writable and executable)\n"
      + Self.table([["", "virtual", "physical", "in file", "in memory"]] + rows)
  }

  private var sections: String {
    let rows = report.sections.map { [$0.name, $0.permissions, $0.address, String($0.bytes)] }
    return "Sections\n" + Self.table([["section", "", "address", "bytes"]] + rows)
  }

  private var systemCalls: String {
    var text = "System calls compiled in: \(report.systemCalls.count)"
    let families = Dictionary(grouping: report.systemCalls, by: \.library)
    for family in families.keys.sorted() {
      let names = (families[family] ?? []).map(\.name).sorted()
      text += "\n  \(family): \(names.joined(separator: " "))"
    }
    return text
  }

  private var configuration: String {
    let values = report.configuration.sorted { $0.key < $1.key }
    let on = values.filter { $0.value != "n" && !$0.value.isEmpty }.map {
      $0.value == "y" ? $0.key : "\($0.key)=\($0.value)"
    }
    return "Configuration \(report.configurationHash)\n  " + on.joined(separator: " ")
  }

  /// Columns as wide as their widest cell; the first to the left, numbers to the right.
  static func table(_ rows: [[String]]) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    let numeric = (0..<count).map { column in
      rows.dropFirst().allSatisfy { column >= $0.count || Int($0[column]) != nil }
    }
    return rows.map { row in
      var line = " "
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        line += " " + (numeric[column] ? padding + cell : cell + padding)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
