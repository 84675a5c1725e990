// How one dimension looks as lines and points: what uPlot is told. Knows nothing of the rest of the page.

import { categoryName, day, hundredths, ranked, timeOfDay } from "./wording.js";

export const HEIGHT = 240;
const MOST_LINES = 4;
const OUTRIGHT = new Set(["nudge", "about_me", "preview", "onboarding"]);
const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4"];

export const linesOf = (data) => (data.kind === "category" ? categoryLines(data) : numberLines(data));

function numberLines({ points }) {
  const signals = (isMine) => points.map(({ value, source }) => (OUTRIGHT.has(source) === isMine ? value : null));
  return [
    { name: "you said so", colour: "--line-1", values: signals(true), isDots: true },
    { name: "read off what you did", colour: "--line-4", values: signals(false), isDots: true },
    { name: "last 20", colour: "--line-2", values: points.map(({ window }) => window), dash: [6, 4] },
    { name: "fading mean", colour: "--line-3", values: points.map(({ ema }) => ema), dash: [2, 3] },
    { name: "together", colour: "--ink", values: points.map(({ fused }) => fused), width: 2.5 },
  ];
}

/** Of the categories that lead now: their shares, with a point wherever one was named. */
function categoryLines({ dimension, points }) {
  const top = ranked(points.at(-1)?.fused ?? {}).slice(0, MOST_LINES);
  return top.map(([category], number) => ({
    name: categoryName(dimension, category),
    colour: COLOURS[number],
    values: points.map(({ fused }) => fused[category] ?? 0),
    width: 2,
    marks: points.flatMap(({ value }, at) => (value === category ? [at] : [])),
  }));
}

/** Draws into `container`; `onPoint` is told which point the pointer is at, the last one when it is elsewhere. */
export function plot(container, data, lines, onPoint) {
  const { points } = data;
  const settings = {
    width: container.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { setScale: false, x: false } },
    scales: { x: { time: false, range: (_, low, high) => [low - 0.5, high + 0.5] }, y: { range: [-0.03, 1.03] } },
    axes: axesOf(points),
    series: [{}, ...lines.map(seriesOf)],
    hooks: {
      draw: [(chart) => drawMoves(chart, data)],
      setCursor: [({ cursor }) => onPoint(cursor.idx ?? points.length - 1)],
    },
  };
  const ordinals = points.map((_, number) => number + 1);
  return new uPlot(settings, [ordinals, ...lines.map(({ values }) => values)], container);
}

function axesOf(points) {
  const look = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--rule"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const label = new Set(points.map(({ at }) => day(at))).size > 1 ? day : timeOfDay;
  const labelOf = (tick) => (points[tick - 1] ? label(points[tick - 1].at) : "");
  return [
    { ...look, space: 70, values: (_, ticks) => changing(ticks.map(labelOf)) },
    { ...look, size: 40, splits: [0, 0.25, 0.5, 0.75, 1], values: (_, ticks) => ticks.map(hundredths) },
  ];
}

const changing = (labels) => labels.map((label, number) => (label === labels[number - 1] ? "" : label));

function seriesOf({ colour: name, isDots, dash, width = 1.5, marks }) {
  const stroke = colour(name);
  if (isDots) return { stroke, paths: () => null, points: { show: true, size: 7, stroke, fill: stroke } };
  const points = marks ? { show: true, size: 6, stroke, fill: stroke, filter: () => marks } : { show: false };
  return { stroke, width, dash, points };
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function drawMoves(chart, { points, drifts }) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = colour("--moved");
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { at } of drifts) {
    const x = chart.valToPos(positionOf(points, at), "x", true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** Signals stand in the order in which they came in, which needn't be that of their times. */
function positionOf(points, at) {
  const gaps = points.map((point) => Math.abs(new Date(point.at) - new Date(at)));
  return gaps.indexOf(Math.min(...gaps)) + 1;
}
