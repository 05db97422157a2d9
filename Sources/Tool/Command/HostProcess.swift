// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Foundation
import ImageBuild
import Launch
import Plan
import ToolSupport

/// Where `martlet run` runs an application.
enum RunPlace: String, ExpressibleByArgument, CaseIterable {
  /// In a virtual machine, as an image of its own.
  case image
  /// As an ordinary process of the host, for debugging.
  case host
}

/// An application that runs as an ordinary process: the same sources on the host's parts of
/// Martlet.
enum HostProcess {
  /// Builds the application's package and becomes its program.
  static func run(_ plan: Plan, options: LaunchOptions, progress: ToolSupport.Progress) async throws
    -> Never
  {
    guard plan.kind == .swift else {
      throw ToolError(
        "\(plan.name) is not a Swift package", at: plan.file,
        advice: "--on host is for applications of kind swift.")
    }
    let program = try await build(plan, progress)
    setenv("MARTLET_ROOT_FOLDER", try await HostRoot.make(for: plan, progress: progress), 1)
    setenv("MARTLET_DISKS", Disks.list(plan.disks), 1)
    let arguments = options.arguments ?? Array(plan.command.dropFirst())
    for variable in plan.environment + options.environment {
      setenv(variable.name, variable.value, 1)
    }
    // An image is told by its launch text.
    if options.isVerbose { setenv("MARTLET_VERBOSE", "1", 1) }
    var words = ([plan.name] + arguments).map { strdup($0) }
    words.append(nil)
    // The thread of the pool that runs this takes no signals; a program keeps the mask of who starts it.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    execv(program, words)
    throw ToolError("cannot start it: \(String(cString: strerror(errno)))", at: program)
  }

  /// The path of the application's program.
  private static func build(
    _ plan: Plan, _ progress: ToolSupport.Progress
  ) async throws -> String {
    progress.step("building \(plan.name) for the host")
    let package = HostPackage(folder: plan.directory)
    let lock = try package.occupy(progress)
    let root = ["MARTLET_ROOT": Repository.root]
    let swift = try Toolchain.swift()
    let built = try await ExternalCommand(
      swift, ["build", "-q", "--product", plan.name] + package.place, environment: root
    ).run()
    guard built.isSuccess else {
      throw ToolError(
        "\(plan.name) does not build:\n" + built.text
          + String(decoding: built.standardError, as: UTF8.self))
    }
    let shown = try await ExternalCommand(
      swift, ["build", "-q", "--show-bin-path"] + package.place, environment: root
    ).run()
    let folder = shown.text.trimmingCharacters(in: .whitespacesAndNewlines)
    let program = try package.keep("\(folder)/\(plan.name)")
    withExtendedLifetime(lock) {}
    return program
  }
}
