// SPDX-License-Identifier: BSD-3-Clause

/// The one error that a user of the tool meets: what happened, where, and what to do next.
public struct ToolError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened, in one sentence without a full stop.
  public var what: String
  /// The file with line and column, the package, or the folder it is about.
  public var place: String?
  /// What the user can do next.
  public var advice: String?
  /// The exit status of the tool. 125 says that the tool or the kernel failed, not the program.
  public var status: Int32

  /// Creates an error; `place` is put in front of the sentence, `advice` after it.
  public init(_ what: String, at place: String? = nil, advice: String? = nil, status: Int32 = 125) {
    self.what = what
    self.place = place
    self.advice = advice
    self.status = status
  }

  /// The same as the description: everything in one text.
  public var message: String { description }

  public var description: String {
    var text = place.map { "\($0): \(what)" } ?? what
    if let advice { text += "\n  \(advice)" }
    return text
  }
}
