// SPDX-License-Identifier: BSD-3-Clause

/// What the page does. Without it the page still has its tables.
///
/// When all is drawn, the body says `data-ready="true"` and what was drawn; tests look at that.
enum PageScript {
  static let text = [
    "\"use strict\";\n(() => {", common, PageScript.map, PageScript.graph, PageScript.theme,
    "})();",
  ].joined(separator: "\n")

  /// Small things, and moving the focus by arrow keys among what lies on a plane.
  private static let common = #"""
    const data = JSON.parse(document.getElementById("data").textContent);
    const byId = (id) => document.getElementById(id);
    const libraries = new Map(data.libraries.map((library) => [library.name, library]));
    const size = (bytes) => bytes < 1024 ? `${bytes} B`
      : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1048576).toFixed(1)} MiB`;
    const share = (bytes) => `${(100 * bytes / data.bytes).toFixed(1)} % of the image`;
    function svg(tag, attributes, text) {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      if (text !== undefined) element.textContent = text;
      return element;
    }
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    // The element that lies in the direction of the key, straight ahead before aside.
    function neighbour(elements, from, key) {
      const [dx, dy] = directions[key];
      const middle = (element) => {
        const box = element.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
      };
      const [x, y] = middle(from);
      let best = null, least = Infinity;
      for (const element of elements) {
        if (element === from) continue;
        const [otherX, otherY] = middle(element);
        const ahead = (otherX - x) * dx + (otherY - y) * dy;
        const aside = Math.abs((otherX - x) * dy) + Math.abs((otherY - y) * dx);
        if (ahead > 0.5 && ahead + 2 * aside < least) {
          least = ahead + 2 * aside;
          best = element;
        }
      }
      return best;
    }
    // One of the elements is a stop of the Tab key; arrow keys choose which.
    function rove(elements, event) {
      let next = null;
      if (event.key in directions) next = neighbour(elements, event.target, event.key);
      if (event.key === "Home") next = elements[0];
      if (event.key === "End") next = elements[elements.length - 1];
      if (!(event.key in directions) && next === null) return false;
      event.preventDefault();
      if (next !== null) next.focus();
      return true;
    }
    function stop(elements, chosen) {
      for (const element of elements) element.setAttribute("tabindex", element === chosen ? 0 : -1);
    }
    """#

  private static let theme = #"""
    const root = document.documentElement, button = byId("theme");
    const kept = () => { try { return localStorage.getItem("martlet-theme"); } catch { return null; } };
    const prefers = matchMedia("(prefers-color-scheme: dark)");
    function isDark() { return (root.dataset.theme ?? (prefers.matches ? "dark" : "light")) === "dark"; }
    function showTheme() { button.setAttribute("aria-pressed", isDark()); }
    if (["light", "dark"].includes(kept())) root.dataset.theme = kept();
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("martlet-theme", root.dataset.theme); } catch { }
      showTheme();
    });
    prefers.addEventListener("change", showTheme);
    showTheme();
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      drawMap(null);
      drawEdges();
    });
    document.body.dataset.libraries = data.libraries.length;
    document.body.dataset.phases = data.phases.length;
    document.body.dataset.ready = "true";
    """#
}
