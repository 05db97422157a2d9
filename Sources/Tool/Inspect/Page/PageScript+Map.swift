// SPDX-License-Identifier: BSD-3-Clause

extension PageScript {
  /// The map: pieces of the present view with what is inside them, and the way out.
  static let map = #"""
    const map = byId("map"), mapText = byId("map-text"), path = byId("path");
    let view = [data.tree];
    let tiles = [];
    const layerOf = (node, ways) =>
      [...ways, node].map((part) => part.l).find((layer) => layer !== undefined) ?? 0;
    // The layout is that of a whole view, wide or tall: stretch the one that fits better.
    function boxes(node, x, y, width, height) {
      const numbers = (width >= height ? node.w : node.t) ?? [];
      return (node.c ?? []).map((child, index) => {
        const [left, top, across, down] = numbers.slice(4 * index, 4 * index + 4);
        return {
          node: child, x: x + left * width / 1e4, y: y + top * height / 1e4,
          width: across * width / 1e4, height: down * height / 1e4,
        };
      });
    }
    function label(group, text, kind, x, y, width, perLetter) {
      const count = Math.floor((width - 8) / perLetter);
      if (count < 3) return;
      const shown = text.length > count ? text.slice(0, count - 1) + "…" : text;
      group.append(svg("text", { class: kind, x: x + 4, y }, shown));
    }
    function describe(node) {
      const library = node === data.tree ? undefined : libraries.get(node.n);
      const count = (node.c ?? []).length;
      let text = `${node.n}: ${size(node.b)}, ${share(node.b)}`;
      if (node.k) text += `, ${node.k}`;
      if (view.length === 1 && library) {
        text += `, layer ${data.layers[library.layer]}, ${library.parts} functions and variables`;
        if (library.why.length) text += `. In because: ${library.why.join(" → ")}`;
      }
      return count ? `${text}. Enter shows what is in it.` : text;
    }
    function tile(box, ways) {
      const { node, x, y, width, height } = box;
      const group = svg("g", {
        class: `tile l${layerOf(node, ways)}`, role: "button", tabindex: -1,
        "aria-label": describe(node),
      });
      group.append(svg("rect", { x, y, width, height }));
      if (height > 15) label(group, node.n, "title", x, y + 13, width, 7.6);
      if (node.c?.length && width > 56 && height > 46) {
        const inner = boxes(node, x + 3, y + 18, width - 6, height - 21);
        for (const part of inner) {
          if (part.width < 1.5 || part.height < 1.5) continue;
          group.append(svg("rect", {
            class: "inner", x: part.x, y: part.y, width: part.width, height: part.height,
          }));
          if (part.height > 14) label(group, part.node.n, "", part.x, part.y + 11, part.width, 6.2);
        }
      } else if (height > 30) {
        label(group, size(node.b), "", x, y + 27, width, 6.2);
      }
      group.addEventListener("focus", () => {
        stop(tiles.map((other) => other.group), group);
        mapText.textContent = describe(node);
        const ring = byId("ring");
        for (const [name, value] of Object.entries({ x, y, width, height })) {
          ring.setAttribute(name, value);
        }
      });
      group.addEventListener("click", () => { if (node.c?.length) enter(node); });
      return { node, group, box };
    }
    function enter(node) {
      view.push(node);
      drawMap(0);
    }
    function leave(count) {
      if (view.length <= count) return;
      const from = view[count];
      view.length = count;
      drawMap(Math.max(0, view[count - 1].c.indexOf(from)));
    }
    function drawPath() {
      path.replaceChildren(...view.map((node, index) => {
        const step = document.createElement("button");
        step.type = "button";
        step.textContent = index === 0 ? `${node.n} (all)` : node.n;
        if (index === view.length - 1) step.setAttribute("aria-current", "location");
        step.addEventListener("click", () => leave(index + 1));
        return step;
      }));
    }
    // `focused`: the number of the tile that gets the focus, or null.
    function drawMap(focused) {
      const node = view[view.length - 1];
      const width = map.clientWidth;
      const height = Math.round(Math.max(380, Math.min(640, width * 0.6)));
      const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, height });
      tiles = boxes(node, 0, 0, width, height).map((box) => tile(box, view));
      const groups = tiles.map((part) => part.group);
      picture.append(...groups, svg("rect", { id: "ring", x: -9, y: -9, width: 0, height: 0 }));
      map.replaceChildren(picture);
      drawPath();
      if (groups.length) stop(groups, groups[focused ?? 0]);
      mapText.textContent = describe(node);
      if (focused !== null && groups.length) groups[focused].focus({ preventScroll: true });
      const whole = tiles.reduce((sum, part) => sum + part.box.width * part.box.height, 0);
      document.body.dataset.tiles = tiles.length;
      document.body.dataset.view = view.map((part) => part.n).join("/");
      document.body.dataset.covered = (whole / (width * height)).toFixed(2);
    }
    map.addEventListener("keydown", (event) => {
      const groups = tiles.map((part) => part.group);
      if (rove(groups, event)) return;
      const chosen = tiles.find((part) => part.group === event.target);
      if ((event.key === "Enter" || event.key === " ") && chosen) {
        event.preventDefault();
        if (chosen.node.c?.length) enter(chosen.node);
      } else if ((event.key === "Escape" || event.key === "Backspace") && view.length > 1) {
        event.preventDefault();
        leave(view.length - 1);
      }
    });
    drawMap(null);
    """#
}
