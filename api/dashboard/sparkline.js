// A small line without axes.
import {svg} from "/assets/dom.js";

const width = 120;
const height = 28;

/** points: [{ts, value}] in order of time; gaps longer than four usual distances are left open. */
export function sparkline(label) {
  const line = svg("path", {class: "spark-line", fill: "none"});
  const area = svg("path", {class: "spark-area"});
  const end = svg("path", {class: "spark-end", fill: "none"});
  const node = svg("svg", {class: "spark", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, preserveAspectRatio: "none"}, area, line, end);
  return {node, draw: (points) => draw(points, line, area, end)};
}

function draw(points, line, area, end) {
  const shown = points.filter((p) => typeof p.value === "number");
  end.setAttribute("visibility", shown.length > 0 ? "visible" : "hidden");
  if (shown.length === 0) {
    line.setAttribute("d", "");
    area.setAttribute("d", "");
    return;
  }
  const from = shown[0].ts;
  const length = Math.max(1, shown[shown.length - 1].ts - from);
  let low = Infinity;
  let high = -Infinity;
  for (const {value} of shown) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const room = high - low || 1;
  const middle = high === low;
  const x = (p) => 2 + (p.ts - from) / length * (width - 5);
  const y = (p) => (middle ? height / 2 : height - 3 - (p.value - low) / room * (height - 6));
  const usual = length / shown.length;
  let path = "";
  shown.forEach((p, i) => {
    const open = i === 0 || p.ts - shown[i - 1].ts > 4 * usual;
    path += `${open ? "M" : "L"}${x(p).toFixed(1)} ${y(p).toFixed(1)}`;
  });
  line.setAttribute("d", path);
  const last = shown[shown.length - 1];
  area.setAttribute("d", path.indexOf("M", 1) > 0 ? "" : `${path}L${x(last).toFixed(1)} ${height}L${x(shown[0]).toFixed(1)} ${height}Z`);
  end.setAttribute("d", `M${x(last).toFixed(1)} ${y(last).toFixed(1)}h0`);  // a point of the pen, round however the box is stretched
}
