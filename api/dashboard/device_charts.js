// What a chart is given: as many readings as there are pixels for, or each one when they are few.
import {ApiError, get} from "/assets/client.js";

const rawAtMost = 2500;
const pointsWanted = 420;
const steps = [[1, "1s"], [2, "2s"], [5, "5s"], [10, "10s"], [15, "15s"], [30, "30s"], [60, "1m"], [120, "2m"], [300, "5m"], [600, "10m"], [900, "15m"],
  [1800, "30m"], [3600, "1h"], [7200, "2h"], [10800, "3h"], [21600, "6h"], [43200, "12h"], [86400, "1d"]];

/** {rows: [[Date, [low, value, high]]], raw, step, n} of one series in [from, to). A row of nulls is a gap. */
export async function loadSeries({site, device, metric}, from, to, signal) {
  const where = {site, device, metric, from: Math.floor(from), to: Math.ceil(to)};
  const n = (await get("/statistics", where, signal)).items[0]?.count ?? 0;
  if (n <= rawAtMost) {
    const rows = (await get("/query", where, signal)).filter((r) => typeof r.value === "number");
    return {rows: withGaps(rows.map((r) => [r.ts, [r.value, r.value, r.value]])), raw: true, n: rows.length};
  }
  const [seconds, step] = steps.find(([s]) => (to - from) / 1000 / s <= pointsWanted) ?? steps.at(-1);
  const [low, middle, high] = await Promise.all(["min", "avg", "max"].map((agg) => get("/query", {...where, step, agg}, signal)));
  const lows = new Map(low.map((r) => [r.ts, r.value]));
  const highs = new Map(high.map((r) => [r.ts, r.value]));
  const rows = middle.filter((r) => typeof r.value === "number").map((r) => [r.ts + seconds * 500, [lows.get(r.ts) ?? r.value, r.value, highs.get(r.ts) ?? r.value]]);
  return {rows: withGaps(rows), raw: false, step, n};
}

/** Where readings stayed away for more than six usual distances, the line is interrupted. */
function withGaps(rows) {
  const distances = rows.slice(1).map((r, i) => r[0] - rows[i][0]).sort((a, b) => a - b);
  const longest = 6 * (distances[distances.length >> 1] ?? 0);
  const out = [];
  rows.forEach((row, i) => {
    if (i > 0 && row[0] - rows[i - 1][0] > longest) out.push([new Date(rows[i - 1][0] + 1), [null, null, null]]);
    out.push([new Date(row[0]), row[1]]);
  });
  return out;
}

/** What the detector expects at each hour of the site's day: {hours: Map of hour -> [low, high], offset in ms}. Null: nothing, or not known while the service starts. */
export async function loadUsual({site, device, metric}, signal) {
  try {
    const answer = await get(`/devices/${site}/${device}/${encodeURIComponent(metric)}/expected`, {}, signal);
    return {hours: new Map(answer.hours.filter((h) => h.low !== undefined).map((h) => [h.hour, [h.low, h.high]])), offset: answer.utc_offset * 60_000};
  } catch (error) {
    if (error instanceof ApiError && (error.status === 404 || error.status === 503)) return null;
    throw error;
  }
}

/** "16.0 ± 0.7": what the detector expected when it raised the alert. */
export function expectedOf(alert) {
  const match = /(-?\d[\d.e+-]*) ± (\d[\d.e+-]*)/.exec(alert.summary ?? "");
  return match ? [Number(match[1]) - Number(match[2]), Number(match[1]) + Number(match[2])] : null;
}
