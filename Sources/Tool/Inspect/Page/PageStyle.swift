// SPDX-License-Identifier: BSD-3-Clause

/// How the page looks: light and dark, from a phone's width on.
enum PageStyle {
  /// A hue for each of `LayerTable.layers`. Light and dark areas have enough contrast to their text
  /// at any hue.
  private static let hues = [0, 24, 45, 70, 100, 140, 175, 200, 230, 265, 300, 335]

  static var text: String {
    let layers = hues.enumerated().map { ".l\($0) { --hue: \($1); }" }.joined(separator: "\n")
    return rules + "\n" + layers
  }

  private static let rules = """
    :root {
      color-scheme: light;
      --page: #fff; --text: #1b1b1f; --quiet: #52525b; --line: #8a8a94; --mark: #0b57d0;
      --tint: 50% 86%; --tint2: 50% 93%; --tile-text: #16161a;
    }
    :root[data-theme="dark"] {
      color-scheme: dark;
      --page: #131316; --text: #ececf1; --quiet: #b4b4be; --line: #7d7d88; --mark: #9cc2ff;
      --tint: 34% 25%; --tint2: 34% 17%; --tile-text: #f4f4f7;
    }
    @media (prefers-color-scheme: dark) {
      :root:not([data-theme="light"]) {
        color-scheme: dark;
        --page: #131316; --text: #ececf1; --quiet: #b4b4be; --line: #7d7d88; --mark: #9cc2ff;
        --tint: 34% 25%; --tint2: 34% 17%; --tile-text: #f4f4f7;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--page);
      color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
    }
    header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; }
    header p { flex: 1 1 16rem; margin: 0; color: var(--quiet); }
    h1, h2, h3 { line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
    h2 { margin-top: 2rem; }
    h3 { font-size: .85rem; font-weight: 600; color: var(--quiet); }
    .hint, #map-text, #graph-text { color: var(--quiet); margin: .25rem 0 .75rem; }
    #map-text, #graph-text { color: var(--text); min-height: 4.5em; overflow-wrap: anywhere; }
    button {
      font: inherit; color: inherit; background: none; border: 1px solid var(--line);
      border-radius: .35rem; padding: .15rem .6rem; cursor: pointer;
    }
    :focus-visible { outline: 3px solid var(--mark); outline-offset: 1px; }
    #path { display: flex; flex-wrap: wrap; gap: .35rem; margin-bottom: .4rem; }
    #path [aria-current] { font-weight: 600; }
    #map svg { display: block; width: 100%; touch-action: manipulation; }
    .tile { cursor: pointer; }
    .tile:focus { outline: none; }
    .tile > rect { fill: hsl(var(--hue) var(--tint)); stroke: var(--page); stroke-width: 1.5; }
    .tile .inner { fill: hsl(var(--hue) var(--tint2)); stroke: var(--page); stroke-width: .75; }
    .tile text { fill: var(--tile-text); font-size: 11px; pointer-events: none; }
    .tile .title { font-weight: 600; font-size: 12px; }
    .tile:hover > rect:first-child { stroke: var(--text); }
    #ring { fill: none; stroke: var(--mark); stroke-width: 3; pointer-events: none; }
    #graph { position: relative; }
    #graph svg { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
    #graph path { fill: none; stroke: var(--line); stroke-width: 1; opacity: .35; }
    #graph path.import { stroke: var(--quiet); stroke-dasharray: 4 4; opacity: .9; }
    #graph path.chain { stroke: var(--mark); stroke-width: 3; opacity: 1; }
    .layer { position: relative; margin-bottom: 1.1rem; }
    .layer ul { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; }
    .node {
      background: hsl(var(--hue) var(--tint)); color: var(--tile-text); font-size: .85rem;
      border-width: 2px;
    }
    .node.chain { border-color: var(--mark); border-width: 2px; font-weight: 600; }
    .node.far { opacity: .7; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .9rem; width: 100%; }
    th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; }
    tbody tr { border-top: 1px solid color-mix(in srgb, var(--line) 45%, transparent); }
    tbody th { font-weight: 500; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    .why { min-width: 20rem; overflow-wrap: anywhere; }
    @media (max-width: 40rem) {
      #libraries tr { display: grid; grid-template-columns: 1fr 6.5rem 4rem 4.5rem; }
      #libraries th, #libraries td { overflow-wrap: anywhere; }
      #libraries .why { grid-column: 1 / -1; min-width: 0; padding-left: 1rem; }
      #libraries th.why { display: none; }
    }
    .track { width: 55%; min-width: 8rem; padding-left: .6rem; }
    .track svg { display: block; width: 100%; height: 1.3rem; }
    .bar { fill: var(--mark); }
    pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--line); border-radius: .35rem; }
    """
}
