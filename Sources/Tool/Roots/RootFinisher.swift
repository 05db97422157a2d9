// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// Does what the maintainer scripts of packages would have done and programs rely on: links of
/// alternatives, the modules of PHP, the loader's cache, Python's compiled modules, the certificates
/// in one file.
///
/// Not done: users of services, conffiles managed by ucf, debconf answers, icon and font caches.
struct RootFinisher {
  let staging: StagingFolder
  let progress: ToolSupport.Progress

  /// - Parameter scripts: the postinst scripts of the packages.
  func finish(scripts: [String]) async throws {
    try linkAlternatives(scripts)
    try linkConveniences()
    try PHPModules(staging: staging).enable()
    try await writeLoaderCache()
    try await compilePython()
    try await PackageSteps(staging: staging, progress: progress).run()
    try joinCertificates()
  }

  private func linkAlternatives(_ scripts: [String]) throws {
    var alternatives = Alternatives()
    for script in scripts { alternatives.add(script: script) }
    for (link, path) in alternatives.best where staging.resolve(link) == nil {
      if staging.resolve(path) != nil { try staging.link(link, to: path) }
    }
  }

  /// Links that Debian makes in the scripts of packages that every system has.
  private func linkConveniences() throws {
    let links = [
      ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"), ("/bin/sh", "/usr/bin/dash"),
      ("/usr/bin/which", "/usr/bin/which.debianutils"),
    ]
    for (link, target) in links where staging.resolve(link) == nil {
      if staging.resolve(target) != nil { try staging.link(link, to: target) }
    }
  }

  private func writeLoaderCache() async throws {
    guard staging.resolve("/lib64/ld-linux-x86-64.so.2") != nil else { return }
    let aux = "\(staging.root)/var/cache/ldconfig"
    let had = Paths.isFolder(aux)
    try await ExternalCommand("ldconfig", ["-r", staging.root]).runChecked(
      "writing the loader's cache")
    if !had { try? FileManager.default.removeItem(atPath: aux) }
  }

  /// Compiles the modules of Python once, because an image would do it again at every start.
  private func compilePython() async throws {
    let library = staging.resolve("/usr/lib") ?? staging.root
    let names = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
    for name in names.sorted() where name.hasPrefix("python3.") && name != "python3" {
      let compiler = "/usr/bin/\(name)"
      guard Paths.executable(compiler) != nil else { continue }
      progress.step("compiling the modules of \(name)")
      // Hashed files hold whatever the times of the sources say, so roots are reproducible.
      let folders = ["\(library)/\(name)", "\(library)/python3"].filter { Paths.isFolder($0) }
      _ = try await ExternalCommand(
        compiler,
        [
          "-I", "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash",
          "-s", staging.root, "-p", "/", "-x", "/test/|/lib2to3/tests/",
        ] + folders
      ).run()
    }
  }

  private func joinCertificates() throws {
    let folder = "/usr/share/ca-certificates/mozilla"
    guard let source = staging.resolve(folder),
      staging.resolve("/etc/ssl/certs/ca-certificates.crt") == nil
    else { return }
    let names = try FileManager.default.contentsOfDirectory(atPath: source).sorted()
    var whole = ""
    for name in names where name.hasSuffix(".crt") {
      whole += (try? String(contentsOfFile: "\(source)/\(name)", encoding: .utf8)) ?? ""
    }
    try staging.write(whole, at: "/etc/ssl/certs/ca-certificates.crt")
  }
}
