// One device in the fleet: what it is now, what it said last, and the last quarter of an hour.
import {get} from "/assets/client.js";
import {el, setText} from "/assets/dom.js";
import {ago, count, reading} from "/assets/format.js";
import {rank, title} from "/assets/live.js";
import {sparkline} from "/assets/sparkline.js";

const reach = "now-15m";
const fresh = 5_000;        // ms that an answer is good for
const atOnce = 4;           // requests under way for all rows together
const settle = 120;         // ms in sight before anything is asked: scrolling past costs nothing
const kept = new Map();     // key -> {series, points, metric, seen, at}
const waiting = [];
let running = 0;

function pump() {
  while (running < atOnce && waiting.length > 0) {
    const job = waiting.shift();
    if (job.cancelled) continue;
    ++running;
    job.work().catch(() => {}).finally(() => { --running; pump(); });
  }
}

const switchLike = (s) => s.value === 0 || s.value === 1;

/** What a device is known by when nobody chose: its temperature, else its first number that is no switch. */
function usual(series) {
  const numbers = series.filter((s) => typeof s.value === "number");
  return numbers.find((s) => /^temp/i.test(s.metric)) ?? numbers.find((s) => !switchLike(s)) ?? numbers[0] ?? series[0];
}

export function makeFleetRow(item, metricWanted) {
  const dot = el("span", {class: "dot", "aria-hidden": "true"});
  const state = el("span", {class: "state-text"});
  const name = el("span", {class: "device-name"});
  const place = el("span", {class: "site"});
  const value = el("span", {class: "value"});
  const others = el("span", {class: "others"});
  const line = sparkline("last 15 minutes");
  const seen = el("span", {class: "seen"});
  const badge = el("span", {class: "badge", hidden: true});
  const node = el("a", {class: "row", href: `#/device/${item.site}/${item.device}`},
    el("span", {class: "cell state"}, dot, state),
    el("span", {class: "cell name"}, name, place),
    el("span", {class: "cell values"}, value, others),
    el("span", {class: "cell trend"}, line.node),
    el("span", {class: "cell seen-cell"}, seen),
    el("span", {class: "cell alerts-cell"}, badge));
  let job = null;
  let now = item;

  const heard = () => Math.max(now.last_seen_ts ?? 0, kept.get(item.key)?.seen ?? 0) || undefined;

  function show() {
    setText(seen, ago(heard()));
    const known = kept.get(item.key);
    if (!known) return;
    const first = known.series.find((s) => s.metric === metricWanted()) ?? usual(known.series);
    setText(value, first ? reading(first.value, first.unit) : "");
    value.title = first?.metric ?? "";
    const rest = known.series.filter((s) => s !== first).sort((a, b) => switchLike(a) - switchLike(b));
    setText(others, rest.slice(0, 3).map((s) => `${s.metric} ${reading(s.value, s.unit)}`).join("  ·  "));
    line.draw(known.points);
  }

  async function ask() {
    const device = await get(`/devices/${item.site}/${item.device}`);
    const metric = (device.series.find((s) => s.metric === metricWanted()) ?? usual(device.series))?.metric;
    const points = metric ? await get("/query", {site: item.site, device: item.device, metric, from: reach, to: "now", points: 60}) : [];
    kept.set(item.key, {series: device.series, points, metric, seen: device.last_seen_ts, at: Date.now()});
    show();
  }

  function turn() {
    const known = kept.get(item.key);
    if (document.hidden || (job && !job.done) || (known && Date.now() - known.at < fresh && (!metricWanted() || known.metric === metricWanted()))) return;
    const mine = {cancelled: false, done: false, work: () => ask().finally(() => { mine.done = true; })};
    job = mine;
    waiting.push(mine);
    pump();
  }

  const delay = setTimeout(turn, settle);
  const timer = setInterval(() => { turn(); setText(seen, ago(heard())); }, 1000);
  show();
  return {
    node,
    close() {
      clearTimeout(delay);
      clearInterval(timer);
      if (job) job.cancelled = job.done = true;
    },
    update(fresher) {
      now = fresher;
      node.dataset.state = now.state;
      setText(name, title(now));
      setText(place, now.name ? item.key : item.site);
      setText(state, now.state);
      setText(seen, ago(heard()));
      const worst = [...now.alerts].sort((a, b) => rank(a) - rank(b))[0];
      badge.hidden = !worst;
      if (worst) {
        badge.dataset.severity = worst.severity;
        setText(badge, count(now.alerts.length, "alert"));
        badge.title = worst.summary;
      }
      node.setAttribute("aria-label", `${title(now)}, ${now.site}, ${now.state}${worst ? `, ${count(now.alerts.length, "alert")}` : ""}`);
    },
  };
}
