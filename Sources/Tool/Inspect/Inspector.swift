// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Says what an image is made of.
public enum Inspector {
  /// What a report shows besides the libraries.
  public struct Options: Sendable {
    /// JSON instead of tables.
    public var json = false
    /// Why each library is in.
    public var isVerbose = false
    /// A library whose functions are told, or `all`.
    public var functions: String?

    public init() {}
  }

  /// A table for people, or the same facts as JSON.
  public static func report(_ subject: InspectionSubject, _ options: Options) throws -> String {
    var report = try subject.report()
    if let wanted = options.functions {
      let library = wanted == "all" ? nil : try self.library(wanted, in: subject)
      report.functions = subject.anatomy.parts
        .filter { library == nil || $0.library == library }
        .sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }.map { .init($0) }
    }
    return options.json
      ? try json(report) : ReportTable(report: report, isVerbose: options.isVerbose).text
  }

  /// What came, went, grew and shrank from one image to another.
  public static func difference(
    from old: InspectionSubject, to new: InspectionSubject, json: Bool
  ) throws -> String {
    let difference = ImageDifference(
      from: old.name, old.anatomy.parts, to: new.name, new.anatomy.parts)
    return json ? try self.json(difference) : DifferenceTable(difference: difference).text
  }

  /// Why a library, or functions with this text in their names, are in the image.
  public static func reason(
    for subject: String, in image: InspectionSubject, json: Bool
  ) throws -> String {
    let reason = try ImageReason(subject, in: image)
    return json ? try self.json(reason) : reason.text
  }

  /// The name of a library as the image has it.
  static func library(_ name: String, in subject: InspectionSubject) throws -> String {
    let names = subject.anatomy.libraries.map(\.name)
    if let found = names.first(where: { $0.lowercased() == name.lowercased() }) { return found }
    let meant = Suggestion.nearest(to: name, among: names).map { "Did you mean '\($0)'? " } ?? ""
    throw ToolError(
      "there is no library '\(name)' in the image of \(subject.name)",
      advice: meant + "It holds \(names.sorted().joined(separator: ", ")).")
  }

  private static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }
}
