// SPDX-License-Identifier: BSD-3-Clause

import Logging

/// The tool's own log, by swift-log, on standard error.
public enum Log {
  public static let tool = Logger(label: "martlet")

  /// Call once, first: warnings only, or everything with `--verbose`.
  public static func bootstrap(isVerbose: Bool) {
    LoggingSystem.bootstrap { _ in
      StandardErrorHandler(logLevel: isVerbose ? .debug : .warning)
    }
  }
}

/// Writes `martlet: level: text`.
struct StandardErrorHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level

  init(logLevel: Logger.Level) { self.logLevel = logLevel }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    StandardError.say("\(event.level): \(event.message)")
  }
}
