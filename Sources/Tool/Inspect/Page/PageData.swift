// SPDX-License-Identifier: BSD-3-Clause

/// What the page's script works on.
struct PageData: Encodable, Sendable {
  struct Library: Encodable, Sendable {
    let name: String
    let layer: Int
    let bytes: Int
    let zeroed: Int
    /// How many functions and variables it has.
    let parts: Int
    /// The way from the program's start, one step for each library entered.
    let why: [String]
    /// The libraries on the whole way from the entry, this one included, each once.
    let chain: [String]
    /// What Package.swift lets it import and the image holds.
    let imports: [String]
    let usedBy: [String]
  }

  let name: String
  let bytes: Int
  let layers: [String]
  /// The largest first.
  let libraries: [Library]
  let tree: TreemapNode
  let phases: [BootPhases.Phase]

  init(_ subject: InspectionSubject, layers: LayerTable, phases: [BootPhases.Phase]) throws {
    try self.init(
      name: subject.name, report: try subject.report(), anatomy: subject.anatomy, layers: layers,
      phases: phases)
  }

  init(
    name: String, report: InspectionReport, anatomy: ImageAnatomy, layers: LayerTable,
    phases: [BootPhases.Phase]
  ) throws {
    self.name = name
    self.phases = phases
    self.layers = LayerTable.layers
    let present = Set(report.libraries.map(\.name))
    libraries = report.libraries.map { share in
      var chain: [String] = []
      if let door = anatomy.doorway(of: share.name) {
        for part in anatomy.graph.chain(to: door) where !chain.contains(anatomy.parts[part].library)
        {
          chain.append(anatomy.parts[part].library)
        }
      }
      return Library(
        name: share.name, layer: layers.layer(of: share.name), bytes: share.fileBytes,
        zeroed: share.zeroed, parts: anatomy.parts(of: share.name).count, why: share.why,
        chain: chain, imports: layers.imports(of: share.name, among: present),
        usedBy: share.usedBy)
    }.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    tree = TreemapNode(image: name, anatomy.parts) { layers.layer(of: $0) }
    bytes = tree.bytes
  }
}
