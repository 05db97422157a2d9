// SPDX-License-Identifier: BSD-3-Clause

extension PageScript {
  /// The micro-libraries by layer, the highest first, with lines for what leads to what.
  static let graph = #"""
    const graph = byId("graph"), graphText = byId("graph-text");
    const lines = svg("svg", { "aria-hidden": "true" });
    const nodes = new Map();
    let shown = null;
    graph.append(lines);
    for (let layer = data.layers.length - 1; layer >= 0; layer -= 1) {
      const members = data.libraries.filter((library) => library.layer === layer);
      if (!members.length) continue;
      const row = document.createElement("div"), title = document.createElement("h3");
      const list = document.createElement("ul");
      row.className = `layer l${layer}`;
      title.textContent = data.layers[layer];
      for (const library of members) {
        const item = document.createElement("li"), node = document.createElement("button");
        node.type = "button";
        node.className = "node";
        node.tabIndex = -1;
        node.textContent = `${library.name} ${size(library.bytes)}`;
        node.addEventListener("focus", () => { stop([...nodes.values()], node); show(library); });
        node.addEventListener("mouseenter", () => show(library));
        nodes.set(library.name, node);
        item.append(node);
        list.append(item);
      }
      row.append(title, list);
      graph.append(row);
    }
    function line(from, to, kind) {
      const frame = graph.getBoundingClientRect();
      const [start, end] = [from, to].map((name) => nodes.get(name).getBoundingClientRect());
      const down = start.y <= end.y;
      const x1 = start.x + start.width / 2 - frame.x, x2 = end.x + end.width / 2 - frame.x;
      const y1 = (down ? start.bottom : start.top) - frame.y;
      const y2 = (down ? end.top : end.bottom) - frame.y;
      const bend = Math.max(12, Math.abs(y2 - y1) / 2) * (down ? 1 : -1);
      const d = `M${x1},${y1} C${x1},${y1 + bend} ${x2},${y2 - bend} ${x2},${y2}`;
      lines.append(svg("path", { class: kind, d }));
    }
    function drawEdges() {
      lines.replaceChildren();
      for (const library of data.libraries) {
        const before = library.chain[library.chain.length - 2];
        if (before && shown === null) line(before, library.name, "");
      }
      if (shown === null) return;
      for (const name of shown.imports) line(shown.name, name, "import");
      shown.chain.slice(1).forEach((name, index) => line(shown.chain[index], name, "chain"));
    }
    function show(library) {
      shown = library;
      for (const [name, node] of nodes) {
        const isNear = library.chain.includes(name) || library.imports.includes(name);
        node.classList.toggle("chain", library.chain.includes(name));
        node.classList.toggle("far", !isNear && name !== library.name);
      }
      const why = library.why.length ? library.why.join(" → ") : "no reference leads to it";
      const users = library.usedBy.length ? ` Used by ${library.usedBy.join(", ")}.` : "";
      const imports = library.imports.length ? ` Imports ${library.imports.join(", ")}.` : "";
      graphText.textContent =
        `${library.name}: ${size(library.bytes)}, in because: ${why}.${users}${imports}`;
      drawEdges();
    }
    graph.addEventListener("keydown", (event) => {
      if (rove([...nodes.values()], event) || event.key !== "Escape") return;
      shown = null;
      for (const node of nodes.values()) node.classList.remove("chain", "far");
      graphText.textContent = "";
      drawEdges();
    });
    if (nodes.size) stop([...nodes.values()], nodes.values().next().value);
    drawEdges();
    document.body.dataset.nodes = nodes.size;
    document.body.dataset.edges = lines.childElementCount;
    """#
}
