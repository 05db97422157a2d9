// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Foundation
import Launch
import ToolSupport

/// `martlet doctor`: what is there, what is missing, and what to do about it.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Lists what Martlet needs on this machine and what is missing."
  )

  private struct Need {
    var program: String
    var arguments: [String]
    var purpose: String
    var advice: String
    var isRequired = true
    /// Some programs have no option that only prints a version.
    var acceptsAnyStatus = false
  }

  private static let needs = [
    Need(
      program: "swift", arguments: ["--version"], purpose: "compiles the kernel",
      advice: "Install Swift 6.3 from swift.org into /opt/swift, or put it on PATH."),
    Need(
      program: "qemu-system-x86_64", arguments: ["--version"], purpose: "runs guests",
      advice: "apt-get install qemu-system-x86"),
    Need(
      program: "mkfs.erofs", arguments: ["--version"], purpose: "packs root file systems",
      advice: "apt-get install erofs-utils", acceptsAnyStatus: true),
    Need(
      program: "/usr/bin/python3",
      arguments: ["-c", "import kconfiglib; print('kconfiglib found')"],
      purpose: "reads Kconfig", advice: "apt-get install python3-kconfiglib"),
    Need(
      program: "ld.lld", arguments: ["--version"], purpose: "links the kernel",
      advice: "It comes with Swift; apt-get install lld gives another."),
    Need(
      program: "cc", arguments: ["--version"], purpose: "compiles C programs of tests and roots",
      advice: "apt-get install gcc libc6-dev"),
    Need(
      program: "setpriv", arguments: ["--version"], purpose: "ends QEMU with the tool",
      advice: "apt-get install util-linux"),
    Need(
      program: "llvm-symbolizer", arguments: ["--version"], purpose: "names a panic's addresses",
      advice: "apt-get install llvm", isRequired: false),
    Need(
      program: "dpkg-deb", arguments: ["--version"], purpose: "unpacks Debian packages",
      advice: "apt-get install dpkg"),
    Need(
      program: "apt-get", arguments: ["--version"], purpose: "fetches Debian packages",
      advice: "Martlet needs Debian 12 or a system with apt."),
  ]

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    var missing = 0
    for need in Self.needs {
      if let version = await Self.version(of: need) {
        Self.line("ok", need.program, version)
      } else {
        Self.line(need.isRequired ? "MISSING" : "missing", need.program, need.purpose)
        print("          \(need.advice)")
        if need.isRequired { missing += 1 }
      }
    }
    let accelerator =
      (try? LaunchOptions.Accelerator.auto.resolved(countsInstructions: false)) ?? .tcg
    Self.line(
      "ok", "accelerator",
      accelerator == .kvm ? "kvm" : "tcg (no usable KVM: slower, everything works)")
    Self.line("ok", "checkout", Repository.root)
    Self.line("ok", "cache", try Paths.cache())
    print(missing == 0 ? "Nothing is missing." : "\(missing) missing.")
    if missing > 0 { throw ExitCode(1) }
  }

  private static func version(of need: Need) async -> String? {
    let extra = "/opt/swift/usr/bin/\(need.program)"
    guard let path = Paths.executable(need.program) ?? Paths.executable(extra),
      let output = try? await ExternalCommand(path, need.arguments).run(),
      output.isSuccess || need.acceptsAnyStatus
    else { return nil }
    let text = output.text.isEmpty ? output.errorText : output.text
    return text.split(separator: "\n").map(String.init)
      .first { $0.contains(where: \.isNumber) || $0.contains("found") } ?? path
  }

  private static func line(_ state: String, _ name: String, _ text: String) {
    let first = state.padding(toLength: 8, withPad: " ", startingAt: 0)
    let second = name.padding(toLength: 20, withPad: " ", startingAt: 0)
    print("\(first)  \(second)  \(text.trimmingCharacters(in: .whitespaces))")
  }
}
