// SPDX-License-Identifier: BSD-3-Clause

/// The claims that one guest made about itself: lines `ok ID sentence` and `FAIL ID sentence`, or
/// `skip ID reason` for what cannot be tried, ended by `done`.
struct ClaimRecord: Equatable {
  var held = 0
  /// The lines of the claims that do not hold, and of identifiers that came twice.
  var broken: [String] = []
  /// What was not tried: the identifier and the reason.
  var skipped: [String] = []
  var isComplete = false

  /// Whatever is wrong with the claims of `maker`, in words.
  func differences(of maker: String) -> [String] {
    isComplete ? broken : broken + ["the \(maker) did not say 'done'"]
  }

  init(_ text: String) {
    var seen: Set<Substring> = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ", maxSplits: 2)
      if line == "done" {
        isComplete = true
      } else if words.count >= 2, ["ok", "FAIL", "skip"].contains(words[0]) {
        if !seen.insert(words[1]).inserted {
          broken.append("the claim \(words[1]) was made twice")
        } else if words[0] == "ok" {
          held += 1
        } else if words[0] == "skip" {
          skipped.append(words.dropFirst().joined(separator: " "))
        } else {
          broken.append(String(line))
        }
      }
    }
  }
}
