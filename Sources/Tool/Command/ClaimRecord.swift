// SPDX-License-Identifier: BSD-3-Clause

/// The claims that one guest made about itself: lines `ok ID sentence` and `FAIL ID sentence`,
/// ended by `done`.
struct ClaimRecord: Equatable {
  var held = 0
  /// The lines of the claims that do not hold, and of identifiers that came twice.
  var broken: [String] = []
  var isComplete = false

  init(_ text: String) {
    var seen: Set<Substring> = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ", maxSplits: 2)
      if line == "done" {
        isComplete = true
      } else if words.count >= 2, words[0] == "ok" || words[0] == "FAIL" {
        if !seen.insert(words[1]).inserted {
          broken.append("the claim \(words[1]) was made twice")
        } else if words[0] == "ok" {
          held += 1
        } else {
          broken.append(String(line))
        }
      }
    }
  }
}
