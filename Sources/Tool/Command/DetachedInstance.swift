// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A guest in the background: a copy of this command in a session of its own, whose output goes to
/// a folder under the cache.
enum DetachedInstance {
  /// Starts the copy and returns what to tell the user.
  static func start(name: String) throws -> String {
    let folder = try Paths.cache("instances/\(name)")
    if let identifier = runningIdentifier(in: folder) {
      throw ToolError(
        "an instance named '\(name)' is running (process \(identifier))", at: folder,
        advice: "Stop it with kill \(identifier), or choose another --name.")
    }
    let identifier = try spawn(folder: folder)
    try Data("\(identifier)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/process"))
    return """
      \(name)
      output:  \(folder)/output
      errors:  \(folder)/errors
      stop it: kill \(identifier)
      """
  }

  private static func runningIdentifier(in folder: String) -> pid_t? {
    guard let text = try? String(contentsOfFile: "\(folder)/process", encoding: .utf8),
      let identifier = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)),
      let target = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(identifier)/exe"),
      (target as NSString).lastPathComponent.hasPrefix("martlet")
    else { return nil }
    return identifier
  }

  private static func spawn(folder: String) throws -> pid_t {
    var words = CommandLine.arguments
    let end = words.firstIndex(of: "--") ?? words.count
    if let flag = words[..<end].firstIndex(of: "--detach") { words.remove(at: flag) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let writing = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "\(folder)/output", writing, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, "\(folder)/errors", writing, 0o644)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    let setsid: Int16 = 0x80  // POSIX_SPAWN_SETSID: no terminal, so Ctrl-C and logout pass it by.
    posix_spawnattr_setflags(&attributes, setsid)
    var argv = words.map { strdup($0) }
    defer { for word in argv { free(word) } }
    argv.append(nil)
    var identifier: pid_t = 0
    let failure = posix_spawn(&identifier, "/proc/self/exe", &actions, &attributes, argv, environ)
    guard failure == 0 else {
      throw ToolError("cannot start the background process: \(String(cString: strerror(failure)))")
    }
    return identifier
  }
}
