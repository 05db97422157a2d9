// SPDX-License-Identifier: BSD-3-Clause

/// The links that packages register with `update-alternatives` in their postinst script, such as
/// /usr/bin/awk. The scripts are not run: the calls are read from their text.
struct Alternatives {
  /// One name for several programs.
  struct Choice: Equatable {
    let link: String
    let path: String
    let priority: Int
  }

  private(set) var choices: [Choice] = []

  /// Adds what a postinst script registers. Plain assignments and `for NAME in …` are understood;
  /// a call with another shell expression counts up to there.
  mutating func add(script: String) {
    var values: [String: [String]] = [:]
    for line in script.replacing("\\\n", with: " ").split(separator: "\n") {
      let text = line.drop { $0 == " " || $0 == "\t" }
      if let match = text.prefixMatch(of: /for (\w+) in ([^;$`]+)(;|$)/) {
        values[String(match.1)] = match.2.split(separator: " ").map(String.init)
      } else if let match = text.wholeMatch(of: /(\w+)="?([^"\s$`]+)"?/) {
        values[String(match.1)] = [String(match.2)]
      }
      guard line.contains("update-alternatives") else { continue }
      for text in Self.expanded(String(line), values) {
        for command in text.split(whereSeparator: { $0 == ";" || $0 == "&" }) {
          add(words: command.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init))
        }
      }
    }
  }

  /// The text once for each value of each variable that it mentions.
  private static func expanded(_ text: String, _ values: [String: [String]]) -> [String] {
    var texts = [text]
    for (name, choices) in values.sorted(by: { $0.key > $1.key }) {
      guard text.contains("$\(name)") || text.contains("${\(name)}") else { continue }
      texts = texts.flatMap { text in
        choices.map {
          text.replacing("${\(name)}", with: $0).replacing("$\(name)", with: $0)
        }
      }
    }
    return texts
  }

  private mutating func add(words: [String]) {
    // What follows an expression of the shell is not known; what stands before it is.
    let words = Array(words.prefix { !$0.contains("$") })
    guard words.contains("update-alternatives"),
      let install = words.firstIndex(of: "--install"), install + 4 < words.count,
      let priority = Int(words[install + 4])
    else { return }
    choices.append(
      Choice(link: words[install + 1], path: words[install + 3], priority: priority))
    for (index, word) in words.enumerated()
    where (word == "--slave" || word == "--follower") && index + 3 < words.count {
      choices.append(Choice(link: words[index + 1], path: words[index + 3], priority: priority))
    }
  }

  /// One target for each link: the highest priority wins.
  var best: [(link: String, path: String)] {
    var best: [String: Choice] = [:]
    for choice in choices where choice.priority > best[choice.link]?.priority ?? Int.min {
      best[choice.link] = choice
    }
    return best.values.map { ($0.link, $0.path) }.sorted { $0.link < $1.link }
  }
}
