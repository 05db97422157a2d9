// SPDX-License-Identifier: BSD-3-Clause
import ImageBuild
import Configuration
import Inspect
import Lint
import Roots
import Plan
import ToolSupport
import Foundation
@main
struct Martlet {
  static func main() async {
    let a = CommandLine.arguments
    do {
      let progress = ToolSupport.Progress()
      let plan = a.count > 2 ? try Plan.load(application: a[2], projectRoot: Repository.root) : nil
      let start = ContinuousClock.now
      switch a[1] {
      case "kernel":
        print(try await KernelBuilder.kernel(for: plan, progress: progress).path)
      case "root":
        let archive = try await RootBuilder.archive(for: plan!, progress: progress)
        print(archive.path, archive.byteCount)
      default: print("?")
      }
      print(ContinuousClock.now - start)
    } catch { print("martlet: \(error)"); exit(125) }
  }
}
