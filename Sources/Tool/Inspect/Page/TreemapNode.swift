// SPDX-License-Identifier: BSD-3-Clause

/// A piece of the map of an image: the image, a library, a module's part of it, a function.
///
/// The layout of the children is that of a whole view, so that the page only stretches it. There are
/// two, for views that are wider than high and for others; each has four numbers for a child, in
/// ten-thousandths of the view's width and height.
struct TreemapNode: Encodable, Sendable {
  /// How many functions of a library the map shows; the smaller ones are one piece.
  static let functionLimit = 160
  static let scale = 10_000.0

  let name: String
  let bytes: Int
  /// The layer's number, of a library.
  var layer: Int?
  /// What a function is: text, constants or data.
  var kind: ImagePart.Kind?
  /// In the order of their sizes.
  private(set) var children: [TreemapNode] = []
  private(set) var wide: [Int] = []
  private(set) var tall: [Int] = []

  enum CodingKeys: String, CodingKey {
    case name = "n"
    case bytes = "b"
    case layer = "l"
    case kind = "k"
    case children = "c"
    case wide = "w"
    case tall = "t"
  }

  init(name: String, bytes: Int, kind: ImagePart.Kind? = nil) {
    self.name = name
    self.bytes = bytes
    self.kind = kind
  }

  init(name: String, children: [TreemapNode]) {
    let sorted = children.filter { $0.bytes > 0 }
      .sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    self.init(name: name, bytes: sorted.reduce(0) { $0 + $1.bytes })
    self.children = sorted
    wide = layout(width: 16, height: 10)
    tall = layout(width: 10, height: 16)
  }

  /// The map of an image's bytes in the file: libraries, functions, and in between other modules
  /// whose code a library holds.
  init(image name: String, _ parts: [ImagePart], layer: (String) -> Int) {
    let libraries = Dictionary(grouping: parts, by: \.library).map { library, parts in
      var node = Self.library(library, parts)
      node.layer = layer(library)
      return node
    }
    self.init(name: name, children: libraries)
  }

  /// A library's own functions, and beside them one piece for each other module whose code it got
  /// a copy of.
  private static func library(_ name: String, _ parts: [ImagePart]) -> TreemapNode {
    let modules = Dictionary(grouping: parts, by: \.module)
    let copies = modules.filter { $0.key != name }.map { module, parts in
      TreemapNode(name: "copies from \(module)", children: functions(parts))
    }
    return TreemapNode(name: name, children: functions(modules[name] ?? []) + copies)
  }

  private static func functions(_ parts: [ImagePart]) -> [TreemapNode] {
    let nameless = parts.filter { $0.symbol.isEmpty }
    let named = parts.filter { !$0.symbol.isEmpty && $0.fileBytes > 0 }
      .sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }
    var nodes = named.prefix(functionLimit).map {
      TreemapNode(name: $0.name, bytes: $0.fileBytes, kind: $0.kind)
    }
    let rest = named.dropFirst(functionLimit)
    if !rest.isEmpty {
      let bytes = rest.reduce(0) { $0 + $1.fileBytes }
      nodes.append(TreemapNode(name: "\(rest.count) smaller ones", bytes: bytes))
    }
    let bytes = nameless.reduce(0) { $0 + $1.fileBytes }
    if bytes > 0 { nodes.append(TreemapNode(name: ImageCutter.nameless, bytes: bytes)) }
    return nodes
  }

  private func layout(width: Double, height: Double) -> [Int] {
    let frame = TreemapLayout.Rectangle(x: 0, y: 0, width: width, height: height)
    return TreemapLayout.rectangles(children.map { Double($0.bytes) }, in: frame).flatMap {
      // Edges are rounded, not lengths, so that neighbours still meet.
      let left = ($0.x / width * Self.scale).rounded()
      let top = ($0.y / height * Self.scale).rounded()
      let right = (($0.x + $0.width) / width * Self.scale).rounded()
      let bottom = (($0.y + $0.height) / height * Self.scale).rounded()
      return [left, top, right - left, bottom - top].map { Int($0) }
    }
  }
}
