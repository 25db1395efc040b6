// Plots. Their numbers stand beside them as text, or in their label, for whoever does not see them.
import { h, svg } from "./dom.js";

const LENGTH = 200;
const HEIGHT = 10;

/** A bar for a share of a whole, and a mark at what is expected; both may exceed the whole, which a limit warns of. */
export function bar(share, expected, { limit = false } = {}) {
  const end = Math.max(1, share, expected ?? 0);
  const at = (value) => (Math.max(0, value) / end) * LENGTH;
  const kind = !limit ? "" : share >= 1 ? "bad" : (expected ?? share) >= 1 ? "warn" : "";
  return svg("svg", { class: "bar-plot", viewBox: `0 0 ${LENGTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "whole", width: at(1), height: HEIGHT, rx: 3 }),
    svg("rect", { class: `part ${kind}`, width: at(share), height: HEIGHT, rx: 3 }),
    expected !== undefined && svg("rect", { class: "expected", x: Math.min(at(expected), LENGTH - 2), width: 2, height: HEIGHT }));
}

const WIDTH = 480;
/** So many columns or fewer are drawn on a plot that fits a phone. */
const FEW = 4;
const FEW_WIDTH = 320;
const TOP = 18;
const GROUND = 120;

/** A column per point, { name, value, text }, in order; `label` says what they are. */
export function columns(label, points) {
  const greatest = Math.max(...points.map((point) => point.value), 0);
  const isFew = points.length <= FEW;
  const width = isFew ? FEW_WIDTH : WIDTH;
  const step = width / points.length;
  const column = ({ name, value, text }, index) => {
    const height = greatest > 0 ? (Math.max(0, value) / greatest) * (GROUND - TOP) : 0;
    const middle = index * step + step / 2;
    return [
      svg("rect", { class: "part", x: middle - step * 0.3, y: GROUND - height, width: step * 0.6, height, rx: 2 }),
      svg("text", { x: middle, y: GROUND - height - 5 }, text),
      svg("text", { class: "name", x: middle, y: GROUND + 16 }, name),
    ];
  };
  const said = points.map(({ name, text }) => `${name}: ${text}`).join(", ");
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Plot: ${label}` },
    svg("svg", { class: isFew ? "columns few" : "columns", viewBox: `0 0 ${width} ${GROUND + 24}`, role: "img", "aria-label": `${label}. ${said}` },
      svg("line", { x1: 0, x2: width, y1: GROUND, y2: GROUND }),
      points.map(column)));
}

/** A line through points, { at, value }, in order of time; `label` says what they are. */
export function line(label, points) {
  const values = points.map((point) => point.value);
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [points[0].at, points.at(-1).at];
  const x = (at) => (last > first ? ((at - first) / (last - first)) * WIDTH : WIDTH / 2);
  const y = (value) => (greatest > least ? GROUND - ((value - least) / (greatest - least)) * GROUND : value === 0 ? GROUND : GROUND / 2);
  const path = points.length === 1 ? [`0,${y(values[0])}`, `${WIDTH},${y(values[0])}`] : points.map(({ at, value }) => `${x(at)},${y(value)}`);
  return svg("svg", { class: "line-plot", viewBox: `0 -4 ${WIDTH} ${GROUND + 8}`, preserveAspectRatio: "none", role: "img", "aria-label": `${label}: from ${least} to ${greatest}, last ${values.at(-1)}` },
    svg("polyline", { points: path.join(" ") }));
}

const ROW = 22;
const LABEL = 210;

/** Two columns of names and the ways between them, { from, to, weight }; the heavier, the thicker. */
export function ways(label, left, right, found) {
  const height = Math.max(left.length, right.length) * ROW + 10;
  const middle = (names, name) => (names.indexOf(name) + 0.5) * ROW + 5;
  const greatest = Math.max(...found.map((way) => way.weight), 1);
  const name = (names, text, x, kind) => svg("text", { x, y: middle(names, text) + 4, class: kind }, text.length > 30 ? `${text.slice(0, 29)}…` : text, svg("title", {}, text));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Plot: ${label}` },
    svg("svg", { class: "graph", viewBox: `0 0 ${WIDTH * 1.5} ${height}`, role: "img", "aria-label": `${label}. ${found.length} ways from ${left.length} to ${right.length}.` },
      found.map(({ from, to, weight }) => svg("line", { x1: LABEL + 6, y1: middle(left, from), x2: WIDTH * 1.5 - LABEL - 6, y2: middle(right, to), "stroke-width": 1 + (4 * weight) / greatest })),
      left.map((text) => name(left, text, LABEL, "end")),
      right.map((text) => name(right, text, WIDTH * 1.5 - LABEL, null))));
}
