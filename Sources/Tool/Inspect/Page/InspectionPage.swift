// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// An inspection as one page for a browser; it needs nothing but itself.
public struct InspectionPage: Sendable {
  let data: PageData

  /// - Parameter bootTrace: a file with what `martlet run --boot-trace` told.
  public init(_ subject: InspectionSubject, bootTrace: String?) throws {
    let phases = try bootTrace.map { try BootPhases(path: $0).phases } ?? []
    data = try PageData(subject, layers: try .current(), phases: phases)
  }

  init(data: PageData) {
    self.data = data
  }

  /// Writes it in one step.
  public func write(to path: String) throws {
    do {
      try Data(try html().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch let error as CocoaError {
      throw ToolError("cannot write the page: \(error.localizedDescription)", at: path)
    }
  }

  func html() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(data), as: UTF8.self)
    let name = Self.escaped(data.name)
    let size = Self.size(data.bytes)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(name): what the image holds</title>
      <style>
      \(PageStyle.text)
      </style>
      </head>
      <body>
      <header>
      <h1>\(name)</h1>
      <p>\(size) in \(data.libraries.count) micro-libraries: what the application reaches, and
      nothing else.</p>
      <button type="button" id="theme" aria-pressed="false">Dark</button>
      </header>
      <main>
      \(map)
      \(graph)
      \(boot)
      \(table)
      </main>
      <script type="application/json" id="data">\(Self.inScript(json))</script>
      <script>
      \(PageScript.text)
      </script>
      </body>
      </html>

      """
  }

  private var map: String {
    """
    <section aria-labelledby="map-title">
    <h2 id="map-title">Bytes</h2>
    <p class="hint">Each area is as large as its share of the file. A click or Enter goes into it,
    Escape out of it, arrow keys to its neighbours.</p>
    <nav id="path" aria-label="Where the map is"></nav>
    <div id="map" role="group" aria-label="Map of the image's bytes"></div>
    <p id="map-text" role="status"></p>
    </section>
    """
  }

  private var graph: String {
    """
    <section aria-labelledby="graph-title">
    <h2 id="graph-title">Micro-libraries</h2>
    <p class="hint">By layer; a library imports its own layer and lower ones. The one with the focus
    shows how the entry reaches it (thick) and what it imports (dashed).</p>
    <div id="graph"></div>
    <p id="graph-text" role="status"></p>
    </section>
    """
  }

  private var boot: String {
    let name = Self.escaped(data.name)
    let content: String
    if let last = data.phases.last {
      let rows = data.phases.map { phase in
        let start = Self.percent(phase.start, of: last.end)
        let width = Self.percent(phase.end - phase.start, of: last.end)
        return """
          <tr><th scope="row">\(Self.escaped(phase.name))</th>\
          <td class="number">\(phase.end - phase.start)</td>\
          <td class="number">\(phase.end)</td>\
          <td class="track" aria-hidden="true"><svg viewBox="0 0 100 10" \
          preserveAspectRatio="none"><rect class="bar" x="\(start)" y="1" width="\(width)" \
          height="8"/></svg></td></tr>
          """
      }
      content = """
        <div class="scroll" tabindex="0" role="region" aria-label="Phases of the boot">
        <table id="boot">
        <thead><tr><th scope="col">phase</th><th scope="col" class="number">instructions</th>
        <th scope="col" class="number">in all</th><th class="track" aria-hidden="true"></th></tr>
        </thead>
        <tbody>
        \(rows.joined(separator: "\n"))
        </tbody>
        </table>
        </div>
        """
    } else {
      content = """
        <p>This page was made without a boot trace. To have one:</p>
        <pre tabindex="0">./martlet run --boot-trace \(name) 2&gt; boot.txt
        ./martlet inspect \(name) --boot-trace boot.txt --html page.html</pre>
        """
    }
    return """
      <section aria-labelledby="boot-title">
      <h2 id="boot-title">Boot</h2>
      \(content)
      </section>
      """
  }

  private var table: String {
    let rows = data.libraries.map { library in
      let why = library.why.map { Self.escaped($0) }.joined(separator: " → ")
      return """
        <tr><th scope="row">\(Self.escaped(library.name))</th>\
        <td>\(Self.escaped(data.layers[library.layer]))</td>\
        <td class="number">\(library.bytes)</td><td class="number">\(library.zeroed)</td>\
        <td class="why">\(why)</td></tr>
        """
    }
    return """
      <section aria-labelledby="table-title">
      <h2 id="table-title">Why each is in</h2>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="table-title">
      <table id="libraries">
      <thead><tr><th scope="col">library</th><th scope="col">layer</th>
      <th scope="col" class="number">in file</th><th scope="col" class="number">zeroed</th>
      <th scope="col" class="why">in because</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody>
      </table>
      </div>
      </section>
      """
  }

  /// Text as it stands in an element or in an attribute with quotes.
  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }

  /// JSON as it stands in a script element: nothing in it can end the element.
  static func inScript(_ json: String) -> String { json.replacing("<", with: "\\u003c") }

  /// Rounded as the script rounds.
  static func size(_ bytes: Int) -> String {
    if bytes < 1024 { return "\(bytes) B" }
    let kibibytes = Double(bytes) / 1024
    return kibibytes < 1024
      ? String(format: "%.1f KiB", kibibytes) : String(format: "%.1f MiB", kibibytes / 1024)
  }

  private static func percent(_ value: Int, of whole: Int) -> String {
    whole == 0 ? "0" : String(format: "%.3f", 100 * Double(value) / Double(whole))
  }
}
