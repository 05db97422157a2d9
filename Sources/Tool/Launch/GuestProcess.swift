// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The QEMU process. It never outlives the tool, however the tool ends.
final class GuestProcess: Sendable {
  /// How a process ended.
  enum End: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
    /// It could not be started, with the `errno`.
    case notStarted(Int32)
  }

  let identifier: pid_t

  private init(identifier: pid_t) { self.identifier = identifier }

  /// Starts the program with `descriptors[0]` as its descriptor 3, and so on.
  ///
  /// `setpriv --pdeathsig` has the kernel kill the process when the *thread* that started it
  /// ends; so the thread that starts it stays and waits for it.
  ///
  /// - Parameter errors: becomes the program's standard output and error.
  static func start(
    _ program: String, _ arguments: [String], descriptors: [Descriptor], errors: Descriptor,
    whenEnded: @escaping @Sendable (End) -> Void
  ) -> GuestProcess? {
    let started = Mailbox<pid_t>()
    Thread.detachNewThread {
      let (identifier, failure) = spawn(program, arguments, descriptors, errors)
      started.post(identifier)
      guard identifier > 0 else { return whenEnded(.notStarted(failure)) }
      var status: Int32 = 0
      while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
      let signal = status & 0x7f
      whenEnded(signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal))
    }
    guard let identifier = started.next(), identifier > 0 else { return nil }
    return GuestProcess(identifier: identifier)
  }

  /// Ends it at once. Only before `whenEnded` has been called: the number may be reused later.
  func kill() { _ = Foundation.kill(identifier, SIGKILL) }

  private static func spawn(
    _ program: String, _ arguments: [String], _ descriptors: [Descriptor], _ errors: Descriptor
  ) -> (pid_t, Int32) {
    var path = program
    var words = [program] + arguments
    if let setpriv = Paths.executable("setpriv") {
      words = [setpriv, "--pdeathsig", "KILL", "--"] + words
      path = setpriv
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, errors.number, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.number, 2)
    for (index, descriptor) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor.number, Int32(3 + index))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: Ctrl-C of a terminal reaches the tool alone, which ends the guest.
    posix_spawnattr_setpgroup(&attributes, 0)
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&defaults, number) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    // The runtime's threads block all signals; QEMU would inherit that, and no `kill` end it.
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var argv = words.map { strdup($0) }
    defer { for word in argv { free(word) } }
    argv.append(nil)
    var identifier: pid_t = 0
    let failure = posix_spawn(&identifier, path, &actions, &attributes, argv, environ)
    return failure == 0 ? (identifier, 0) : (-1, failure)
  }
}
