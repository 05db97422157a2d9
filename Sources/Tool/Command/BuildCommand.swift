// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Foundation
import ImageBuild
import Launch
import Roots
import ToolSupport

/// `martlet build`: one file to ship.
struct BuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Builds one self-contained image: kernel, files and command line.",
    discussion: """
      The image is an ELF file that QEMU and other monitors boot through its PVH entry \
      (-kernel NAME.elf). Prints the image's path.
      """)

  @OptionGroup var application: ApplicationArgument

  @Option(name: .short, help: .init("Where the image goes.", valueName: "DIR"))
  var output = "."

  @Flag(help: "Shows what the tool does.")
  var verbose = false

  func run() async throws {
    Log.bootstrap(isVerbose: verbose)
    var plan = try application.plan()
    plan.volumes = SharedFolders.resolved(plan.volumes, in: plan.directory)
    plan.disks = Disks.resolved(plan.disks, in: plan.directory)
    plan.needLibrariesOfDevices()
    let folder = Paths.absolute(output)
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ToolError("cannot create the folder", at: folder, advice: "Choose another -o DIR.")
    }
    let progress = ToolSupport.Progress()
    let kernel = try await KernelBuilder.kernel(for: plan, progress: progress)
    let archive =
      plan.hasArchive ? try await RootBuilder.archive(for: plan, progress: progress) : nil
    // An image is started at another time and place: no clock, no seed.
    let text = LaunchText(
      plan: plan, options: LaunchOptions(), input: .pipe, clock: nil, seed: [])
    let path = try await ImageAssembler.assemble(
      kernel: kernel, archive: archive?.path, launchText: text.text,
      to: "\(folder)/\(plan.name).elf")
    print(path)
    if !plan.disks.isEmpty {
      let words = Disks.arguments(plan.disks, machine: .microvm)
      StandardError.say(
        "the image has disks, and sees them only if the machine does: "
          + words.joined(separator: " "))
    }
    if !plan.volumes.isEmpty {
      let words = SharedFolders.arguments(plan.volumes, machine: .microvm)
      StandardError.say(
        "the image has volumes, and starts only with their folders: " + words.joined(separator: " ")
      )
    }
  }
}
