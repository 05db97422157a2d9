// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Logging
import Subprocess
import SystemPackage

/// Runs one program of the host and waits for it.
///
/// For QEMU, which must live exactly as long as the tool, see `Launch.GuestProcess`.
public struct ExternalCommand: Sendable {
  /// What came out of it.
  public struct Output: Sendable {
    /// The exit status, or 128 + n when signal n ended it.
    public var status: Int32
    public var standardOutput: [UInt8]
    public var standardError: [UInt8]

    public var isSuccess: Bool { status == 0 }
    public var text: String { String(decoding: standardOutput, as: UTF8.self) }
    public var errorText: String { String(decoding: standardError, as: UTF8.self) }
  }

  public var executable: String
  public var arguments: [String]
  /// Changes to the inherited environment.
  public var environment: [String: String]
  public var workingDirectory: String?
  public var input: [UInt8]

  /// The most that is kept of each stream.
  public static let outputLimit = 256 << 20

  /// - Parameter executable: a path, or a name to look for on PATH.
  public init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
    in workingDirectory: String? = nil, input: [UInt8] = []
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.input = input
  }

  /// Runs it and keeps both streams. A status other than 0 is not an error here.
  public func run() async throws -> Output {
    Log.tool.debug("\(executable) \(arguments.joined(separator: " "))")
    do {
      let result = try await Subprocess.run(
        try located(), arguments: Arguments(arguments), environment: inherited,
        workingDirectory: workingDirectory.map { FilePath($0) }, input: .array(input),
        output: .bytes(limit: Self.outputLimit), error: .bytes(limit: Self.outputLimit))
      return Output(
        status: Self.status(of: result.terminationStatus),
        standardOutput: result.standardOutput, standardError: result.standardError)
    } catch let error as ToolError {
      throw error
    } catch {
      throw ToolError("cannot run \(executable): \(error)")
    }
  }

  /// Runs it with the tool's own standard input, output and error; returns the exit status.
  public func runInteractively() async throws -> Int32 {
    do {
      let result = try await Subprocess.run(
        try located(), arguments: Arguments(arguments), environment: inherited,
        workingDirectory: workingDirectory.map { FilePath($0) }, input: .currentStandardInput,
        output: .currentStandardOutput, error: .currentStandardError)
      return Self.status(of: result.terminationStatus)
    } catch let error as ToolError {
      throw error
    } catch {
      throw ToolError("cannot run \(executable): \(error)")
    }
  }

  /// Runs it and throws when it fails, with the last lines that it wrote to standard error.
  @discardableResult
  public func runChecked(_ purpose: String, advice: String? = nil) async throws -> Output {
    let output = try await run()
    guard output.isSuccess else {
      let said = output.standardError.isEmpty ? output.text : output.errorText
      let tail = said.split(separator: "\n").suffix(12).joined(separator: "\n  ")
      throw ToolError(
        "\(purpose) failed: \(executable) exited with status \(output.status)\n  \(tail)",
        advice: advice)
    }
    return output
  }

  private var inherited: Environment {
    .inherit.updating(
      Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })
    )
  }

  private func located() throws -> Executable {
    guard let path = Paths.executable(executable) else {
      throw ToolError(
        "\(executable) is not installed", advice: "Run ./martlet doctor to see what is missing.")
    }
    return .path(FilePath(path))
  }

  private static func status(of termination: TerminationStatus) -> Int32 {
    switch termination {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}
