// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Foundation
import Inspect
import ToolSupport

/// `martlet inspect`.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what an image is made of, and why.",
    discussion: """
      Bytes per micro-library, sections with their permissions, and the system calls compiled in. \
      What the image holds it reaches from its entry: --why tells the way.

      Examples:
        martlet inspect redis --verbose
        martlet inspect redis --functions TCP
        martlet inspect redis --why TCP
        martlet inspect hello --diff redis
        martlet inspect redis --html redis.html
      """)

  @Argument(
    help: "A folder with a martlet.yaml, the name of one under Apps/, or an ELF file with symbols.",
    completion: .directory)
  var app: String

  @Flag(help: "Prints JSON for machines.")
  var json = false

  @Flag(help: "Says of each library why it is in.")
  var verbose = false

  @Option(help: .init("Lists functions and variables by size.", valueName: "LIBRARY|all"))
  var functions: String?

  @Option(
    help: .init(
      "Tells the references from the entry to a library or a function.", valueName: "NAME"))
  var why: String?

  @Option(
    help: .init(
      "Compares with another application or ELF file: what comes, goes, grows, shrinks.",
      valueName: "OTHER"))
  var diff: String?

  @Option(help: .init("Writes a page for a browser, in one file.", valueName: "FILE"))
  var html: String?

  @Option(
    help: .init(
      "With --html: what `martlet run --boot-trace` told on standard error.", valueName: "FILE"))
  var bootTrace: String?

  func validate() throws {
    let asked = [why, diff, html, functions].compactMap { $0 }.count
    guard asked <= 1 else {
      throw ValidationError("--functions, --why, --diff and --html are asked one at a time")
    }
    if bootTrace != nil, html == nil { throw ValidationError("--boot-trace goes with --html") }
    if json, html != nil { throw ValidationError("--html writes a page: leave out --json") }
  }

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    let progress = ToolSupport.Progress()
    // The archive takes time and says nothing about the code.
    let isAboutCode = why != nil || diff != nil || html != nil
    let subject = try await InspectionSubject.load(
      app, withArchive: !isAboutCode, progress: progress)
    let other: InspectionSubject? =
      if let diff {
        try await .load(diff, withArchive: false, progress: progress)
      } else { nil }
    progress.finish()
    if let html {
      try InspectionPage(subject, bootTrace: bootTrace).write(to: html)
      print(html)
      return
    }
    let text: String
    if let other {
      text = try Inspector.difference(from: subject, to: other, json: json)
    } else if let why {
      text = try Inspector.reason(for: why, in: subject, json: json)
    } else {
      var options = Inspector.Options()
      options.json = json
      options.isVerbose = verbose
      options.functions = functions
      text = try Inspector.report(subject, options)
    }
    print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
  }
}
