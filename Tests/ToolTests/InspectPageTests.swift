// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Testing
import ToolSupport

@testable import Inspect

@Suite("Inspection: the page")
struct InspectPageTests {
  private typealias Rectangle = TreemapLayout.Rectangle

  /// A generator of the same numbers each time.
  private struct Numbers {
    var state: UInt64

    mutating func next(below limit: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % limit
    }
  }

  @Test(arguments: [1, 2, 3, 7, 40, 300])
  func areasAddUpAndDoNotOverlap(count: Int) {
    var numbers = Numbers(state: UInt64(count))
    for frame in [
      Rectangle(x: 0, y: 0, width: 16, height: 10), Rectangle(x: 5, y: 7, width: 3, height: 90),
    ] {
      let values = (0..<count).map { _ in Double(1 + numbers.next(below: 1 << 20)) }
        .sorted(by: >)
      let pieces = TreemapLayout.rectangles(values, in: frame)
      let sum = values.reduce(0, +)
      #expect(pieces.count == count)
      for (piece, value) in zip(pieces, values) {
        let share = value / sum * frame.area
        #expect(abs(piece.area - share) < 1e-6 * frame.area)
        #expect(piece.x >= frame.x - 1e-9 && piece.y >= frame.y - 1e-9)
        #expect(piece.x + piece.width <= frame.x + frame.width + 1e-6)
        #expect(piece.y + piece.height <= frame.y + frame.height + 1e-6)
      }
      for first in pieces.indices {
        for second in pieces.indices where first < second {
          let (one, two) = (pieces[first], pieces[second])
          let across = min(one.x + one.width, two.x + two.width) - max(one.x, two.x)
          let down = min(one.y + one.height, two.y + two.height) - max(one.y, two.y)
          #expect(across < 1e-6 || down < 1e-6, "\(first) and \(second)")
        }
      }
    }
  }

  @Test func piecesAreNearlySquare() {
    // The example of the paper.
    let pieces = TreemapLayout.rectangles(
      [6, 6, 4, 3, 2, 2, 1], in: Rectangle(x: 0, y: 0, width: 6, height: 4))
    #expect(pieces[0] == Rectangle(x: 0, y: 0, width: 3, height: 2))
    #expect(pieces[1] == Rectangle(x: 0, y: 2, width: 3, height: 2))
    #expect(pieces.allSatisfy { max($0.width / $0.height, $0.height / $0.width) < 3.1 })
  }

  @Test func nothingToDivideIsNoMistake() {
    let frame = Rectangle(x: 0, y: 0, width: 1, height: 1)
    #expect(TreemapLayout.rectangles([], in: frame).isEmpty)
    #expect(TreemapLayout.rectangles([0, 0], in: frame).allSatisfy { $0.area == 0 })
  }

  @Test func theMapHasEachByteOnce() {
    let parts =
      (1...400).map { ImagePart("Log", "f\($0)", $0) }
      + [
        ImagePart("Log", "grow", 90, of: "Structures"), ImagePart("Log", "page", 4096, .zeroed),
        ImagePart("Base", "table", 33, .constants),
      ]
    let map = TreemapNode(image: "app", parts) { $0 == "Log" ? 5 : 3 }
    #expect(map.bytes == parts.reduce(0) { $0 + $1.fileBytes })
    #expect(map.children.map(\.name) == ["Log", "Base"])
    #expect(map.children.map(\.layer) == [5, 3])
    let log = map.children[0]
    #expect(log.children.count == TreemapNode.functionLimit + 2)
    #expect(log.children.contains { $0.name == "240 smaller ones" })
    #expect(log.children.first { $0.name == "copies from Structures" }?.children.count == 1)
    #expect(log.wide.count == 4 * log.children.count && log.tall.count == log.wide.count)
  }

  @Test func textCannotBecomeMarkup() throws {
    let nasty = "<script>alert('1')</script>&\""
    #expect(
      InspectionPage.escaped(nasty)
        == "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;")
    let html = try page(named: nasty).html()
    #expect(!html.contains("<script>alert"))
    #expect(
      html.components(separatedBy: "</script>").count == 3, "the data and the script end once")
    #expect(!html.contains("http://") || !html.contains("src="))
    for forbidden in ["<link", "src=", "@import", "url(", "fetch("] {
      #expect(!html.contains(forbidden), "the page needs \(forbidden)")
    }
  }

  @Test func aBootTraceIsReadBetweenOtherLines() {
    let text = """
      martlet: building hello
      phase         instructions    in all
      first-tables           300       300
      main                    12       312
      martlet: something else
      main                    12       324
      """
    #expect(
      BootPhases.parse(text) == [
        .init(name: "first-tables", start: 0, end: 300), .init(name: "main", start: 300, end: 312),
      ])
    #expect(BootPhases.parse("phase instructions in all\nmain 5 3").isEmpty)
    #expect(BootPhases.parse("nothing").isEmpty)
  }

  @Test func withoutABootTraceThePageSaysHowToGetOne() throws {
    #expect(try page(named: "app").html().contains("run --boot-trace app"))
    let html = try page(named: "app", phases: [.init(name: "main", start: 0, end: 7)]).html()
    #expect(!html.contains("run --boot-trace") && html.contains("<th scope=\"row\">main</th>"))
  }

  @Test func layersAreThoseOfTheTable() {
    let table = LayerTable(
      manifest:
        "Library(\"Kernel\", \"Log\", on: [\"Base\", \"Machine\"]),\nLibrary(\"Base\", \"Base\")")
    let names = ["Log", "Base", "CMachine", "hello", "NativeImage"].map {
      LayerTable.layers[table.layer(of: $0)]
    }
    #expect(names == ["Kernel", "Base", "Machine", "Application", "Image"])
    #expect(table.imports(of: "Log", among: ["Log", "Base"]) == ["Base"])
  }

  /// The script runs: it draws, walks by keys, and names what has the focus.
  @Test(
    .enabled(
      if: Paths.executable("chromium") != nil, "chromium is not installed: apt-get install chromium"
    ))
  func theScriptDrawsAndFollowsKeys() async throws {
    let scratch = try ScratchFolder()
    let image = try await SmallImage.build(in: scratch)
    let subject = InspectionSubject(
      name: "small", image: image, anatomy: try await .read(image), kernel: nil, archive: nil)
    let manifest = "Library(\"Kernel\", \"Alpha\", on: [\"Beta\"]), Library(\"Base\", \"Beta\")"
    let data = try PageData(
      subject, layers: LayerTable(manifest: manifest),
      phases: [.init(name: "main", start: 0, end: 7)])
    let keys = """
      <script>
      const kept = document.body.dataset;
      const press = (key) => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true }));
      document.querySelector("#map [tabindex='0']").focus();
      kept.first = document.activeElement.getAttribute("aria-label");
      press("Enter"); kept.inside = kept.view;
      press("Escape"); kept.outside = kept.view;
      document.querySelector("#graph [tabindex='0']").focus();
      press("End"); kept.last = document.getElementById("graph-text").textContent;
      document.getElementById("theme").click();
      kept.theme = document.documentElement.dataset.theme;
      </script></body>
      """
    try scratch.write(
      try InspectionPage(data: data).html().replacing("</body>", with: keys), "page.html")
    let output = try await ExternalCommand(
      "timeout",
      [
        "60", "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
        "--user-data-dir=\(scratch.path)/profile", "--dump-dom", "file://\(scratch.path)/page.html",
      ]
    ).runChecked("showing the page")
    let body = try #require(output.text.firstMatch(of: /<body[^>]*>/)).output
    for words in [
      "data-ready=\"true\"", "data-tiles=\"3\"", "data-nodes=\"4\"", "data-covered=\"1.00\"",
      "data-phases=\"1\"", "data-outside=\"small\"", "data-inside=\"small/", "data-first=\"",
      "in because: _start", "data-theme=\"dark\"",
    ] {
      #expect(body.contains(words), "\(words) in \(body)")
    }
  }

  private func page(named name: String, phases: [BootPhases.Phase] = []) throws -> InspectionPage {
    var library = InspectionReport.Library(name: "Log")
    library.text = 5
    library.why = ["main", "Log.<write>"]
    let report = InspectionReport(
      application: name, kernel: "k", kernelBytes: 5, entry: "0x0", libraries: [library],
      segments: [], sections: [], systemCalls: [], archive: nil, configuration: [:],
      configurationHash: "")
    let anatomy = ImageAnatomy(parts: [ImagePart("Log", name, 5)])
    return InspectionPage(
      data: try PageData(
        name: name, report: report, anatomy: anatomy,
        layers: LayerTable(manifest: "Library(\"Kernel\", \"Log\")"), phases: phases))
  }
}

extension ImageAnatomy {
  /// Parts that know nothing of each other; the first is the entry.
  init(parts: [ImagePart]) {
    self.init(
      parts: parts,
      graph: ReferenceGraph(
        targets: parts.map { _ in [] }, entry: parts.isEmpty ? nil : 0, kept: [],
        pieces: Array(parts.indices)),
      main: nil, hasReferences: true)
  }
}
