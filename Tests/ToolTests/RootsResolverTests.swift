// SPDX-License-Identifier: BSD-3-Clause

import Testing
import ToolSupport

@testable import Roots

/// A package index in memory.
private struct FakeIndex: PackageIndex {
  let all: [DebianPackage]

  func packages(named names: [String]) async throws -> [String: DebianPackage] {
    Dictionary(
      uniqueKeysWithValues: all.filter { names.contains($0.name) }.map { ($0.name, $0) })
  }

  func providers(of name: String) async throws -> [String] {
    all.filter { $0.provides.contains(name) }.map(\.name)
  }

  func names(near name: String) async throws -> [String] {
    all.map(\.name).filter { $0.hasPrefix(name.prefix(2)) }
  }
}

@Suite("Closures of packages")
struct RootsResolverTests {
  private func closure(_ names: [String], _ all: [DebianPackage]) async throws -> [String] {
    try await PackageResolver(index: FakeIndex(all: all)).closure(of: names).map(\.name)
  }

  @Test func followsDependenciesOnce() async throws {
    let all = [
      DebianPackage(name: "app", dependencies: [["liba"], ["libb"]]),
      DebianPackage(name: "liba", dependencies: [["libc6"], ["libb"]]),
      DebianPackage(name: "libb", dependencies: [["libc6"], ["liba"]]),
      DebianPackage(name: "libc6"),
    ]
    #expect(try await closure(["app"], all) == ["app", "liba", "libb", "libc6"])
  }

  @Test func takesTheFirstAlternativeUnlessAnotherIsIn() async throws {
    let all = [
      DebianPackage(name: "app", dependencies: [["first", "second"]]),
      DebianPackage(name: "first"), DebianPackage(name: "second"),
    ]
    #expect(try await closure(["app"], all) == ["app", "first"])
    #expect(try await closure(["app", "second"], all) == ["app", "second"])
  }

  @Test func skipsAnAlternativeThatDoesNotExist() async throws {
    let all = [
      DebianPackage(name: "app", dependencies: [["gone", "here"]]), DebianPackage(name: "here"),
    ]
    #expect(try await closure(["app"], all) == ["app", "here"])
  }

  @Test func aVirtualPackageIsServedByTheProviderOfHighestPriority() async throws {
    let all = [
      DebianPackage(name: "app", dependencies: [["awk"]]),
      DebianPackage(name: "gawk", provides: ["awk"], priority: "optional"),
      DebianPackage(name: "mawk", provides: ["awk"], priority: "required"),
    ]
    #expect(try await closure(["app"], all) == ["app", "mawk"])
    #expect(try await closure(["app", "gawk"], all) == ["app", "gawk"])
    #expect(try await closure(["awk"], all) == ["mawk"])
  }

  @Test func leavesOutWhatOnlyScriptsNeedUnlessItIsNamed() async throws {
    let all = [
      DebianPackage(name: "app", dependencies: [["debconf", "debconf-2.0"], ["libc6"]]),
      DebianPackage(name: "debconf", dependencies: [["perl-base"]]),
      DebianPackage(name: "perl-base"), DebianPackage(name: "libc6"),
    ]
    #expect(try await closure(["app"], all) == ["app", "libc6"])
    #expect(try await closure(["app", "debconf"], all).contains("perl-base"))
  }

  @Test func aMissingPackageNamesItsNeighbours() async {
    let all = [DebianPackage(name: "sqlite3")]
    await #expect {
      _ = try await closure(["sqlit3"], all)
    } throws: { error in
      let text = String(describing: error)
      return text.contains("no Debian package 'sqlit3'") && text.contains("sqlite3")
        && (error as? ToolError)?.status == 125
    }
  }

  @Test func aMissingDependencyNamesWhoNeedsIt() async {
    let all = [DebianPackage(name: "app", dependencies: [["nothing"]])]
    await #expect {
      _ = try await closure(["app"], all)
    } throws: {
      String(describing: $0).contains("app needs nothing")
    }
  }

  @Test func readsControlParagraphs() throws {
    let text = """
      Package: lua5.4
      Version: 1:5.4.4-3
      Architecture: amd64
      Pre-Depends: init (>= 1)
      Depends: libc6 (>= 2.34), awk:any | gawk [amd64]
      Provides: lua (= 5.4)
      Priority: optional
      Filename: pool/l.deb
      Size: 12
      SHA256: abc
      Description: a
       Depends: not a field

      Package: virtual

      """
    let packages = DebianPackage.parse(text)
    let package = try #require(packages.first)
    #expect(packages.count == 1)
    #expect(package.dependencies == [["init"], ["libc6"], ["awk", "gawk"]])
    #expect(package.provides == ["lua"])
    #expect(package.fileName == "lua5.4_1%3a5.4.4-3_amd64.deb")
    #expect(package.byteCount == 12)
  }
}
