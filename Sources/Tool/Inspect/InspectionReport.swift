// SPDX-License-Identifier: BSD-3-Clause

/// What an image is made of. Sizes are in bytes, addresses are hexadecimal text.
public struct InspectionReport: Codable, Sendable {
  /// One micro-library's share of the image.
  public struct Library: Codable, Sendable {
    public let name: String
    public internal(set) var text = 0
    public internal(set) var constants = 0
    public internal(set) var data = 0
    /// Zero at the start; takes no place in the file.
    public internal(set) var zeroed = 0
    /// Why it is in: the shortest way from the program's start, where it enters each library.
    /// Empty where the image tells no references.
    public internal(set) var why: [String] = []
    /// The libraries that refer to it, the one with the most references first.
    public internal(set) var usedBy: [String] = []

    /// What it adds to the file.
    public var fileBytes: Int { text + constants + data }

    enum CodingKeys: String, CodingKey { case name, text, constants, data, zeroed, why, usedBy }

    init(name: String) { self.name = name }
  }

  /// A function or a variable.
  public struct Function: Codable, Sendable {
    /// For people.
    public let name: String
    /// For the linker; empty for bytes without a name.
    public let symbol: String
    public let library: String
    /// The module in which it was written.
    public let module: String
    public let kind: ImagePart.Kind
    public let bytes: Int

    init(_ part: ImagePart) {
      name = part.name
      symbol = part.symbol
      library = part.library
      module = part.module
      kind = part.kind
      bytes = part.byteCount
    }
  }

  /// A part of the image that is loaded, with the permissions of its pages.
  public struct Segment: Codable, Sendable {
    public let permissions: String
    public let virtualAddress: String
    public let physicalAddress: String
    public let fileBytes: Int
    public let memoryBytes: Int
  }

  /// A section that takes memory in the guest.
  public struct Section: Codable, Sendable {
    public let name: String
    public let address: String
    public let bytes: Int
    public let permissions: String
  }

  /// A system call that the image serves.
  public struct SystemCall: Codable, Sendable {
    public let number: Int
    public let name: String
    public let library: String
  }

  /// The root archive of an image that has one.
  public struct Archive: Codable, Sendable {
    public let path: String
    public let bytes: Int
  }

  public let application: String
  public let kernel: String
  public let kernelBytes: Int
  public let entry: String
  public let libraries: [Library]
  /// With `--functions`: the functions and variables asked for, the largest first.
  public internal(set) var functions: [Function]?
  public let segments: [Segment]
  public let sections: [Section]
  public let systemCalls: [SystemCall]
  public let archive: Archive?
  public let configuration: [String: String]
  public let configurationHash: String
}
