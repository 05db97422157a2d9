// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// What one image is: a checked `martlet.yaml`.
///
/// Everything syntactic is checked here. Whether packages, folders and the program exist is known
/// only to those who assemble the root.
public struct Plan: Sendable, Equatable {
  /// What the image holds.
  public enum Kind: String, Sendable, CaseIterable {
    /// An unmodified Linux program.
    case linux
    /// A Swift application that is linked into the kernel.
    case swift
    /// A C program that is linked into the kernel with a C library.
    case c
  }

  /// The path of the `martlet.yaml`, as it is shown in messages.
  public var file: String
  /// The absolute path of its folder.
  public var directory: String
  /// Letters, digits, `-`, `_` and `.`; the folder's name when the plan has none.
  public var name: String
  public var kind: Kind
  /// In the order of the file; later entries win.
  public var root: [RootEntry]
  /// Where the plan says each entry of `root`, for messages; as long as `root`, or empty.
  public var rootPositions: [Position]
  /// The program's absolute path in the guest, then its arguments. Not empty for Linux images.
  public var command: [String]
  /// In the order of the file, names unique.
  public var environment: [EnvironmentVariable]
  /// The guest's memory; `nil` lets the tool choose from the size of the root.
  public var memory: ByteSize?
  public var ports: [PortMapping]
  public var volumes: [Volume]
  /// Files of the host that are disks of an application of kind swift.
  public var disks: [Disk] = []
  /// Kconfig lines on top of the defaults.
  public var config: [ConfigurationLine]
  /// The program's working directory; `nil` means `/`.
  public var workingDirectory: String?

  /// What a C program is built from; only of kind c.
  public var cSources = CSources()

  /// Whether a root archive goes with the kernel.
  public var hasArchive: Bool { kind == .linux || !root.isEmpty }

  public init(
    file: String, directory: String, name: String, kind: Kind = .linux, root: [RootEntry] = [],
    rootPositions: [Position] = [], command: [String] = [], environment: [EnvironmentVariable] = [],
    memory: ByteSize? = nil,
    ports: [PortMapping] = [], volumes: [Volume] = [], config: [ConfigurationLine] = [],
    workingDirectory: String? = nil
  ) {
    self.file = file
    self.directory = directory
    self.name = name
    self.kind = kind
    self.root = root
    self.rootPositions = rootPositions
    self.command = command
    self.environment = environment
    self.memory = memory
    self.ports = ports
    self.volumes = volumes
    self.config = config
    self.workingDirectory = workingDirectory
  }
}
