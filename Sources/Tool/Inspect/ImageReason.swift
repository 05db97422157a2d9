// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// Why something is in an image: the references from the entry to it.
struct ImageReason: Encodable {
  /// One part on the way.
  struct Step: Encodable {
    let name: String
    let symbol: String
    let library: String
    let bytes: Int
    /// `entry`: the way begins here. `reference`: the part before refers to it. `beside`: it lies in
    /// one piece with the part before.
    let link: String
  }

  let subject: String
  /// Of the whole library, or of the functions found.
  let bytes: Int
  let count: Int
  let chain: [Step]
  /// Who refers to the library, the most references first; empty for a function.
  let usedBy: [String]
  /// Other functions that have the text in their names.
  let others: [String]

  init(_ text: String, in image: InspectionSubject) throws {
    let anatomy = image.anatomy
    guard anatomy.hasReferences else {
      throw ToolError(
        "the image does not say what refers to what", at: image.name,
        advice: "Link it with --emit-relocs; name an application to have its image built anew.")
    }
    var found: [Int]
    let target: Int?
    if let library = try? Inspector.library(text, in: image) {
      subject = library
      found = anatomy.parts(of: library)
      target = anatomy.doorway(of: library)
      usedBy = anatomy.users(of: library).map { "\($0.library) (\($0.references))" }
      others = []
    } else {
      found = anatomy.parts.indices.filter {
        let part = anatomy.parts[$0]
        return part.symbol == text || part.name.contains(text) || part.label.contains(text)
      }
      guard !found.isEmpty else {
        throw ToolError(
          "nothing called '\(text)' is in the image of \(image.name)",
          advice: "So nothing that it reaches needs it. Names: martlet inspect … --functions all")
      }
      let exact = found.filter {
        let part = anatomy.parts[$0]
        return [part.symbol, part.name, part.label].contains(text)
      }
      if !exact.isEmpty { found = exact }
      target = found.min { anatomy.graph.depths[$0] < anatomy.graph.depths[$1] }
      subject = target.map { anatomy.parts[$0].label } ?? text
      usedBy = []
      others = found.filter { $0 != target }.map { anatomy.parts[$0].label }
    }
    bytes = found.reduce(0) { $0 + anatomy.parts[$1].fileBytes }
    count = found.count
    chain = (target.map(anatomy.graph.chain) ?? []).map { index in
      let part = anatomy.parts[index]
      let link: String =
        switch anatomy.graph.links[index] {
        case .reference: "reference"
        case .beside: "beside"
        default: "entry"
        }
      return Step(
        name: part.name, symbol: part.symbol, library: part.library, bytes: part.byteCount,
        link: link)
    }
  }

  /// For people: one line for each step.
  var text: String {
    var lines = ["\(subject)  \(ByteSize(bytes: UInt64(bytes))) in \(count) parts, in because:"]
    if chain.isEmpty { lines.append("  no reference leads to it") }
    let rows = chain.map { step in
      let sign = ["entry": "", "reference": "→ ", "beside": "beside "][step.link] ?? ""
      return [String(step.bytes), step.library, sign + step.name]
    }
    if !rows.isEmpty { lines.append(ReportTable.table([["bytes", "library", "name"]] + rows)) }
    if !usedBy.isEmpty {
      lines.append("Used by (references): " + usedBy.joined(separator: ", "))
    }
    if !others.isEmpty {
      let more = others.count > 20 ? ", … (\(others.count) in all)" : ""
      lines.append("Also: " + others.prefix(20).joined(separator: ", ") + more)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
