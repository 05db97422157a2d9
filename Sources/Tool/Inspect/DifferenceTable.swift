// SPDX-License-Identifier: BSD-3-Clause

/// A difference of two images as text for people.
struct DifferenceTable {
  /// How many functions of each kind of change are told; JSON has all.
  static let limit = 25

  let difference: ImageDifference

  var text: String {
    var topics = [heading]
    if !difference.libraries.isEmpty { topics.append(libraries) }
    for change in ImageDifference.Change.allCases {
      let entries = difference.functions.filter { $0.change == change }
      if !entries.isEmpty { topics.append(functions(entries, change)) }
    }
    if topics.count == 1 { topics.append("No library and no function differs.") }
    return topics.joined(separator: "\n\n") + "\n"
  }

  private var heading: String {
    let rows = [difference.from, difference.to].map {
      [$0.name, String($0.bytes), String($0.zeroed)]
    }
    let change = [
      "change", Self.signed(difference.to.bytes - difference.from.bytes),
      Self.signed(difference.to.zeroed - difference.from.zeroed),
    ]
    return ReportTable.table([["", "in file", "zeroed"]] + rows + [change])
  }

  private var libraries: String {
    let rows = difference.libraries.map {
      [$0.library, String($0.from), String($0.to), Self.signed($0.bytes), $0.change.rawValue]
    }
    return "Bytes per micro-library\n"
      + ReportTable.table([["library", "before", "after", "change", ""]] + rows)
  }

  private func functions(
    _ entries: [ImageDifference.Entry], _ change: ImageDifference.Change
  ) -> String {
    let sum = entries.reduce(0) { $0 + $1.bytes }
    let rows = entries.prefix(Self.limit).map {
      [Self.signed($0.bytes), String($0.to), $0.library, $0.function ?? ""]
    }
    let more = entries.count > Self.limit ? "\n  … and \(entries.count - Self.limit) more" : ""
    return "Functions that \(change.rawValue): \(entries.count), \(Self.signed(sum)) bytes\n"
      + ReportTable.table([["change", "bytes", "library", "name"]] + rows) + more
  }

  static func signed(_ value: Int) -> String { value > 0 ? "+\(value)" : String(value) }
}
