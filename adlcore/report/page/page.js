/* Draws the figures in the reader's colours, and lets tables be sorted and filtered. Nothing is loaded. */
(function () {
  "use strict";

  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print");
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const PRINTED_WIDTH = 640, NARROW = 560;
  const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  let printing = false, dialog = false;

  /* Colours: every string of a figure that is a colour of the palette becomes its dark form. */

  function darkened(text) {
    if (themes[text]) return themes[text];
    const parts = /^rgba\((\d+),(\d+),(\d+),([\d.]+)\)$/.exec(text);
    if (!parts) return text;
    const hex = "#" + parts.slice(1, 4).map((part) => Number(part).toString(16).padStart(2, "0")).join("");
    if (!themes[hex]) return text;
    const channels = [1, 3, 5].map((at) => parseInt(themes[hex].slice(at, at + 2), 16));
    return `rgba(${channels.join(",")},${parts[4]})`;
  }

  function recoloured(value, dark) {
    if (typeof value === "string") return dark ? darkened(value) : value;
    if (Array.isArray(value)) return value.map((each) => recoloured(each, dark));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, recoloured(inner, dark)]));
    }
    return value;
  }

  /* Figures. */

  const figures = Array.from(document.querySelectorAll("figure.drawn"), (box) => ({
    plot: box.querySelector(".plot"),
    caption: box.querySelector("figcaption"),
    select: box.querySelector("select"),
    choices: Array.from(box.querySelectorAll("script.figure"), (script) => JSON.parse(script.textContent)),
  }));

  /* Fewer and shorter texts where there is little room. */
  function narrowed(data, layout) {
    layout.margin = Object.assign({}, layout.margin, { l: Math.min(layout.margin.l, 44), r: Math.min(layout.margin.r, 12) });
    layout.font = Object.assign({}, layout.font, { size: 11 });
    layout.xaxis = Object.assign({ nticks: 3, tickangle: 0 }, layout.xaxis);
    for (const trace of data) if (trace.type === "sankey") trace.node.label = trace.node.label.map((text) => text.slice(0, text.lastIndexOf("\u2002")));
  }

  function draw(figure) {
    const chosen = figure.choices[figure.select ? figure.select.selectedIndex : 0];
    const dark = night.matches && !printing;
    const layout = recoloured(chosen.layout, dark);
    const width = printing ? PRINTED_WIDTH : figure.plot.clientWidth;
    layout.autosize = !printing;
    layout.height = figure.plot.clientHeight;
    if (printing) layout.width = PRINTED_WIDTH;
    const data = recoloured(chosen.data, dark);
    if (width < NARROW) narrowed(data, layout);
    figure.caption.textContent = chosen.caption;
    figure.plot.setAttribute("aria-label", chosen.caption);
    Plotly.react(figure.plot, data, layout, CONFIG);
  }

  function drawAll() { figures.forEach(draw); }

  /* On the way to paper there is no later moment; on the way back the page must have its width again first. */
  function settle() {
    const now = dialog || paper.matches;
    if (now === printing) return;
    printing = now;
    for (const each of document.querySelectorAll("details")) {
      if (now) each.dataset.was = each.open;
      each.open = now || each.dataset.was === "true";
    }
    if (now) drawAll();
    else window.requestAnimationFrame(() => window.requestAnimationFrame(drawAll));
  }

  figures.forEach((figure) => { if (figure.select) figure.select.addEventListener("change", () => draw(figure)); });
  night.addEventListener("change", drawAll);
  paper.addEventListener("change", settle);
  window.addEventListener("beforeprint", () => { dialog = true; settle(); });
  window.addEventListener("afterprint", () => { dialog = false; settle(); });
  drawAll();

  /* Tables. */

  const byText = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function compare(place, numeric, sign) {
    return (one, other) => {
      const a = one.cells[place], b = other.cells[place];
      if (!numeric) return sign * byText.compare(a.textContent, b.textContent);
      if (a.dataset.key === "" || b.dataset.key === "") return (a.dataset.key === "") - (b.dataset.key === "");
      return sign * (Number(a.dataset.key) - Number(b.dataset.key));
    };
  }

  function sortBy(table, heading) {
    const numeric = heading.classList.contains("number");
    const first = numeric ? "descending" : "ascending", second = numeric ? "ascending" : "descending";
    const order = heading.getAttribute("aria-sort") === first ? second : first;
    for (const each of table.tHead.rows[0].cells) each.setAttribute("aria-sort", each === heading ? order : "none");
    const body = table.tBodies[0];
    body.append(...Array.from(body.rows).sort(compare(heading.cellIndex, numeric, order === "ascending" ? 1 : -1)));
  }

  function filter(table, wanted, output) {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean), rows = table.tBodies[0].rows;
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    const count = (number) => number.toLocaleString("en-US");
    output.textContent = shown === rows.length ? `${count(shown)} rows` : `${count(shown)} of ${count(rows.length)} rows`;
  }

  /* Nothing is cut off at the side: a table that is wider than its place becomes a list of blocks. */
  const places = Array.from(document.querySelectorAll(".scroll"));

  function named(table) {
    const names = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent);
    for (const row of table.tBodies[0].rows) names.forEach((name, at) => { row.cells[at].dataset.name = name; });
  }

  function fit() {
    for (const place of places) place.classList.remove("stacked");
    for (const place of places.filter((each) => each.scrollWidth > each.clientWidth + 1)) {
      named(place.querySelector("table"));
      place.classList.add("stacked");
    }
  }

  window.addEventListener("resize", fit);
  fit();

  for (const box of document.querySelectorAll(".table")) {
    const table = box.querySelector("table"), input = box.querySelector("input"), output = box.querySelector("output");
    for (const button of table.querySelectorAll("thead button")) {
      button.addEventListener("click", () => sortBy(table, button.closest("th")));
    }
    if (input) input.addEventListener("input", () => filter(table, input.value, output));
  }
})();
