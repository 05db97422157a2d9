// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A guest that `martlet-start` has started and that has ended in a way which needs an explanation.
///
/// The variable MARTLET_ENDED says `LOG,DIAGNOSTICS,CAUSE`: two descriptors with what the kernel and
/// QEMU said, and `exited N`, `signalled N`, `timeout` or `output ERRNO`. The output has been
/// delivered, and so has what users see of the log while a guest runs.
enum EndedStart {
  private static let variable = "MARTLET_ENDED"

  /// What has ended, the first time that it is asked for; nil in an ordinary run.
  static func taken() -> GuestSession.Ended? {
    guard let text = Paths.environment(variable) else { return nil }
    unsetenv(variable)
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 3, let log = Int32(parts[0]), let diagnostics = Int32(parts[1]),
      let cause = cause(of: parts[2])
    else { return nil }
    let collector = LogCollector(isVerbose: false) { _ in }
    let bytes = contents(of: log)
    collector.receive(bytes, count: bytes.count)
    return GuestSession.Ended(
      cause: cause, log: collector.finish(),
      diagnostics: String(decoding: contents(of: diagnostics), as: UTF8.self), output: [],
      errors: [])
  }

  static func cause(of text: Substring) -> GuestSession.Cause? {
    let words = text.split(separator: " ")
    switch (words.first, words.count == 2 ? Int32(words[1]) : nil) {
    case ("timeout", _): return .timeout
    case ("exited", let number?): return .itself(.exited(number))
    case ("signalled", let number?): return .itself(.signalled(number))
    case ("output", let number?): return .outputFailed(number)
    default: return nil
    }
  }

  private static func contents(of number: Int32) -> [UInt8] {
    let file = Descriptor(number)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = file.read(into: &buffer), count > 0 { bytes += buffer[..<count] }
    file.close()
    return bytes
  }
}
