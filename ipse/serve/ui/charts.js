// A drawer for each dimension: its chart, drawn when it is opened, and the same numbers as a table.

import { ask } from "./api.js";
import { attempt, byId, make } from "./dom.js";
import { HEIGHT, linesOf, plot } from "./plot.js";
import { follow, preferenceOf, profile } from "./profile.js";
import { DIMENSIONS, counted, day, hundredths, sourceName, titleOf, valueName, when } from "./wording.js";

const MOST_ROWS = 200;
const COLUMNS = ["When", "From", "Value", "Last 20", "Fading mean", "Together"];

const drawers = new Map(DIMENSIONS.map((dimension) => [dimension, buildDrawer(dimension)]));

export function startCharts() {
  byId("charts").append(...[...drawers.values()].map(({ details }) => details));
  for (const drawer of drawers.values()) {
    drawer.details.addEventListener("toggle", () => load(drawer));
    drawer.tableDrawer.addEventListener("toggle", () => fillTable(drawer));
    new ResizeObserver(() => fit(drawer)).observe(drawer.plotted);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawers.forEach(draw));
  follow(render);
}

export function openChart(dimension) {
  const { details } = drawers.get(dimension);
  details.open = true;
  details.querySelector("summary").focus();
  details.scrollIntoView({ block: "start" });
}

function buildDrawer(dimension) {
  const standing = make("span", { className: "hint" });
  const key = make("ul", { className: "key" });
  const plotted = make("div", { className: "plot", ariaHidden: "true" });
  const readout = make("p", { className: "readout hint" });
  const moves = make("ul", { className: "moves" });
  const table = make("table");
  const scrolling = make("div", { className: "scrolling", tabIndex: 0 }, table);
  const tableDrawer = make("details", { className: "table" }, make("summary", {}, "The same as a table"), scrolling);
  const summary = make("summary", {}, make("span", { className: "name" }, titleOf(dimension)), standing);
  const parts = [summary, key, plotted, readout, moves, tableDrawer];
  const details = make("details", { className: "card drawer", id: `chart-${dimension}` }, ...parts);
  const state = { data: null, shownFor: null, chart: null };
  return { dimension, details, standing, key, plotted, readout, moves, table, tableDrawer, ...state };
}

function render() {
  for (const drawer of drawers.values()) {
    drawer.standing.textContent = summaryOf(drawer.dimension);
    load(drawer);
  }
}

function summaryOf(dimension) {
  const preference = preferenceOf(dimension);
  if (!preference) return "nothing yet";
  const moved = profile().drifts.filter((drift) => drift.dimension === dimension).at(-1);
  const parts = [valueName(dimension, preference.fused), counted(preference.count, "signal")];
  return [...parts, ...(moved ? [`moved on ${day(moved.at)}`] : [])].join(" · ");
}

/** Only what is open is read, and only when something has come in since. */
async function load(drawer) {
  const marker = `${preferenceOf(drawer.dimension)?.count ?? 0}/${profile().drifts.length}`;
  if (!drawer.details.open || drawer.shownFor === marker) return;
  await attempt(async () => {
    drawer.data = await ask("GET", `dimensions/${encodeURIComponent(drawer.dimension)}`);
    drawer.shownFor = marker;
    draw(drawer);
    fillTable(drawer);
  });
}

function draw(drawer) {
  if (drawer.data === null) return;
  const { dimension, data, key, moves, plotted } = drawer;
  const { points, drifts } = data;
  const lines = linesOf(data);
  drawer.chart?.destroy();
  drawer.chart = points.length ? plot(plotted, data, lines, (number) => readOut(drawer, number)) : null;
  key.replaceChildren(...lines.map(keyEntry));
  if (drifts.length) key.append(make("li", { className: "moved" }, "moved"));
  moves.replaceChildren(...drifts.map((drift) => moveLine(dimension, drift)));
  readOut(drawer, points.length - 1);
}

function keyEntry({ name, colour, isDots, dash }) {
  const swatch = make("i", { className: isDots ? "dot" : dash ? "dashed" : "line" });
  swatch.style.setProperty("--swatch", `var(${colour})`);
  return make("li", {}, swatch, name);
}

function moveLine(dimension, { at, before, after }) {
  return make("li", {}, `Moved on ${when(at)}: ${valueName(dimension, before)} → ${valueName(dimension, after)}`);
}

function readOut({ dimension, data, readout }, number) {
  const point = data.points[number];
  readout.textContent = point ? pointName(dimension, data.kind, point) : "Nothing has come in yet.";
}

function pointName(dimension, kind, { at, value, source, window, ema, fused }) {
  const told = `${when(at)}: ${valueName(dimension, value)} (${sourceName(source)})`;
  if (kind === "category") return `${told}. Together: ${valueName(dimension, fused)}`;
  return `${told}. Last 20: ${hundredths(window)}, fading mean: ${hundredths(ema)}, together: ${hundredths(fused)}`;
}

function fit({ chart, plotted }) {
  const width = plotted.clientWidth;
  if (chart && width && chart.width !== width) chart.setSize({ width, height: HEIGHT });
}

function fillTable({ dimension, data, table, tableDrawer }) {
  if (data === null || !tableDrawer.open) return;
  const rows = data.points.slice(-MOST_ROWS).reverse();
  const isCut = rows.length < data.points.length;
  const caption = isCut ? `the last ${rows.length} of ${data.points.length} signals` : counted(rows.length, "signal");
  table.replaceChildren(
    make("caption", {}, `${titleOf(dimension)}: ${caption}, newest first`),
    make("thead", {}, make("tr", {}, ...COLUMNS.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, ...rows.map((point) => tableRow(dimension, point))),
  );
}

function tableRow(dimension, { at, source, value, window, ema, fused }) {
  const cells = [sourceName(source), ...[value, window, ema, fused].map((each) => valueName(dimension, each))];
  return make("tr", {}, make("th", { scope: "row" }, when(at)), ...cells.map((text) => make("td", {}, text)));
}
