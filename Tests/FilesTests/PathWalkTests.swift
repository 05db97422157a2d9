// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Testing
import VFS

@Suite struct PathWalkTests {
  private func withTree(_ body: (FileFixture) throws -> Void) throws {
    try FileFixture.run { test in
      for path in ["a", "a/b", "a/b/c", "m"] { try test.make(path, .directory) }
      try test.make("a/file")
      try test.link("a/up", to: "..")
      try test.link("a/absolute", to: "/a/b")
      try test.link("tofile", to: "a/file")
      try test.link("dangling", to: "nowhere/at/all")
      try test.link("loop1", to: "loop2")
      try test.link("loop2", to: "loop1")
      try body(test)
    }
  }

  @Test func findsOneNodeByManyPaths() throws {
    try withTree { test in
      let file = try test.lookup("/a/file")
      for path in [
        "a/file", "/a//file", "//a/file", "./a/./file", "a/b/../file", "a/b/c/../../file",
        "../../a/file", "tofile", "a/up/a/file", "a/absolute/../file", "/a/up/a/up/tofile",
      ] {
        #expect(try test.lookup(path) === file, "\(path)")
      }
      let directory = try test.lookup("/a")
      for path in ["a/", "a//", "a/.", "a/b/..", "a/up/a", "/../a"] {
        #expect(try test.lookup(path) === directory, "\(path)")
      }
      #expect(try test.lookup("/") === test.lookup("/.."))
    }
  }

  @Test func saysWhyItFindsNothing() throws {
    try withTree { test in
      let long = String(repeating: "x", count: 256)
      let expected: [(String, SystemError)] = [
        ("", .noSuchFile), ("b", .noSuchFile), ("b/c", .noSuchFile), ("a/file/x", .notDirectory),
        ("a/file/", .notDirectory), ("a/file/.", .notDirectory), ("a/file/..", .notDirectory),
        ("tofile/", .notDirectory), ("dangling", .noSuchFile), ("loop1", .tooManyLinksInPath),
        ("loop1/x", .tooManyLinksInPath), (long, .nameTooLong), ("a/" + long + "/b", .nameTooLong),
        (String(long.dropLast()), .noSuchFile),
      ]
      for (path, error) in expected {
        #expect(throws: error, "\(path)") { try test.lookup(path) }
      }
    }
  }

  @Test func followsFortyLinksAndNoMore() throws {
    try FileFixture.run { test in
      let end = try test.make("link0")
      for number in 1...41 { try test.link("link\(number)", to: "link\(number - 1)") }
      #expect(try test.lookup("link40") === end)
      #expect(throws: SystemError.tooManyLinksInPath) { try test.lookup("link41") }
      // Links in the middle count as well.
      try test.link("here", to: ".")
      let path = String(repeating: "here/", count: 40)
      #expect(try test.lookup(path + "link0") === end)
      #expect(throws: SystemError.tooManyLinksInPath) { try test.lookup(path + "link1") }
    }
  }

  @Test func leavesALastLinkAloneWhenAsked() throws {
    try withTree { test in
      for path in ["tofile", "dangling", "loop1", "a/up", "a/up/loop1"] {
        let node = try test.lookup(path, followsLast: false)
        #expect(node.isSymbolicLink, "\(path)")
      }
      let directory = try test.lookup("a/up/", followsLast: false)
      #expect(!directory.isSymbolicLink)
    }
  }

  @Test func namesThePathOfANode() throws {
    try withTree { test in
      func path(_ name: String) throws -> String {
        let node = try test.lookup(name)
        return String(decoding: test.namespace.path(of: node), as: UTF8.self)
      }
      #expect(try path("/") == "/")
      #expect(try path("a/up/a/absolute/c") == "/a/b/c")
      #expect(try path("tofile") == "/a/file")
      let file = try test.lookup("tofile")
      try test.rename("a/b", "m/moved")
      #expect(try path("m/moved/c") == "/m/moved/c")
      try test.remove("a/file")
      #expect(
        String(decoding: test.namespace.path(of: file), as: UTF8.self) == "/a/file (deleted)")
    }
  }

  @Test func crossesMountsBothWays() throws {
    try withTree { test in
      try test.make("m/inner", .directory)
      let mountedRoot = try test.make("a/other", .directory)
      try test.make("a/other/x")
      mountedRoot.parent = nil
      try test.namespace.mount(mountedRoot, at: StaticString("/m").bytes)
      #expect(try test.lookup("/m") === mountedRoot)
      #expect(throws: SystemError.noSuchFile) { try test.lookup("/m/inner") }
      #expect(try test.lookup("/m/..") === test.lookup("/"))
      let inside = try test.lookup("/m/x")
      #expect(String(decoding: test.namespace.path(of: inside), as: UTF8.self) == "/m/x")
      #expect(throws: SystemError.busy) { try test.remove("m", directory: true) }
      #expect(throws: SystemError.busy) { try test.rename("m", "n") }
    }
  }
}
