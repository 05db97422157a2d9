// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// Commands of packages that make files which the packages' programs cannot do without, as their
/// maintainer scripts would run them: in the root, as its owner, without rights on the host (a user
/// namespace, `unshare(1)`).
///
/// Only commands that make new files belong here: the others are shared with the cache.
struct PackageSteps {
  struct Step {
    let title: String
    /// The command; it is run when its program is in the root.
    let command: [String]
  }

  static let all = [
    Step(
      title: "listing the plugins of graphviz", command: ["/usr/sbin/libgvc6-config-update", "-c"]),
    Step(
      title: "listing the library of swi-prolog",
      command: [
        "/usr/bin/swipl", "-q", "-g", "make_library_index(swi(library))", "-t", "halt",
      ]),
  ]

  let staging: StagingFolder
  let progress: ToolSupport.Progress

  /// Runs the steps that apply. One that fails is told, and the root is made without it.
  func run() async throws {
    for step in applicable(Self.all) {
      progress.step(step.title)
      let words = ["--map-root-user", "chroot", staging.root] + step.command
      let output = try? await ExternalCommand("unshare", words, environment: ["LC_ALL": "C"]).run()
      guard output?.isSuccess != true else { continue }
      let reason = output?.errorText.split(separator: "\n").last.map { ": \($0)" } ?? ""
      Log.tool.warning("\(step.title) failed\(reason)")
    }
  }

  func applicable(_ steps: [Step]) -> [Step] {
    steps.filter { staging.resolve($0.command[0]) != nil }
  }
}
