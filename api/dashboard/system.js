// How Telltale itself is: what comes in, how late, whether anything is missing, and what it costs.
import {balanceCard} from "/assets/balance.js";
import {get, request} from "/assets/client.js";
import {el, failure, replace, setText} from "/assets/dom.js";
import {bytes, count, duration, NONE, number} from "/assets/format.js";
import {repeat} from "/assets/live.js";
import {parseMetrics, quantile, samples, sum} from "/assets/metrics_text.js";
import {sparkline} from "/assets/sparkline.js";

const every = 2000;
const kept = 120;
const lag = "telltale_ingest_lag_seconds";

function tile(name, withLine) {
  const value = el("div", {class: "tile-value"}, NONE);
  const more = el("div", {class: "tile-more"});
  const line = withLine ? sparkline(`${name}, recent`) : null;
  const points = [];
  return {
    node: el("div", {class: "card tile", "data-tile": name}, el("div", {class: "tile-name"}, name), value, more, line?.node),
    set(text, details = "", point) {
      setText(value, text);
      setText(more, details);
      if (!line || !Number.isFinite(point)) return;
      points.push({ts: Date.now(), value: point});
      if (points.length > kept) points.shift();
      line.draw(points);
    },
  };
}

export function open(main) {
  const tiles = {messages: tile("Messages in", true), readings: tile("Readings stored", true), lag: tile("Ingest lag", true), store: tile("Store", false),
    each: tile("Bytes per reading", false), devices: tile("Devices and series", false), cpu: tile("Processor", true), memory: tile("Memory", true)};
  const checks = el("div", {class: "checks"});
  const wrong = el("div", {});
  const balance = balanceCard();
  const queues = el("section", {class: "card"});
  const refused = el("section", {class: "card"});
  const about = el("span", {class: "found"});
  replace(main, el("section", {class: "page"}, el("div", {class: "title-line"}, el("h1", {}, "System"), about, el("span", {class: "grow"}), checks), wrong,
    el("div", {class: "tiles"}, Object.values(tiles).map((t) => t.node)), el("div", {class: "columns"}, balance.node, queues, refused)));

  let before = null;
  let stored = NaN;
  async function draw() {
    try {
      const metrics = parseMetrics(await (await request("/metrics")).text());
      const now = {metrics, at: performance.now()};
      show(now, before);
      before = now;
      replace(wrong);
    } catch (error) {
      replace(wrong, failure(error, draw));
    }
  }

  function show({metrics, at}, old) {
    const perSecond = (name) => (old ? Math.max(0, sum(metrics, name) - sum(old.metrics, name)) / ((at - old.at) / 1000) : NaN);
    const rate = (name) => [old ? `${number(Math.round(perSecond(name) * 10) / 10)}/s` : NONE, `${number(sum(metrics, name))} since the start`, perSecond(name)];
    tiles.messages.set(...rate("telltale_messages_received_total"));
    tiles.readings.set(...rate("telltale_samples_ingested_total"));
    const late = quantile(metrics, old?.metrics, lag, 0.5);
    tiles.lag.set(duration(late), `99 % within ${duration(quantile(metrics, old?.metrics, lag, 0.99))}`, late * 1000);
    const size = sum(metrics, "telltale_storage_bytes");
    tiles.store.set(bytes(size), "in the data folder");
    tiles.each.set(stored > 0 ? `${number(size / stored)} B` : NONE, stored > 0 ? `of ${count(stored, "reading")} in all; the log included` : "");
    const present = samples(metrics, "telltale_devices");
    tiles.devices.set(number(present.reduce((n, s) => n + s.value, 0)), [`${number(sum(metrics, "telltale_series"))} series`, ...present.filter((s) => s.value > 0).map((s) => `${number(s.value)} ${s.labels.state}`)].join(", "));
    const cpu = perSecond("process_cpu_seconds_total");
    tiles.cpu.set(Number.isFinite(cpu) ? `${number(Math.round(cpu * 1000) / 10)} %` : NONE, "of one core", cpu * 100);
    const memory = sum(metrics, "process_resident_memory_bytes");
    tiles.memory.set(bytes(memory), "resident", memory);
    balance.draw(metrics);
    const build = samples(metrics, "telltale_build_info")[0]?.labels;
    const started = sum(metrics, "process_start_time_seconds");
    setText(about, [build ? `version ${build.version}` : "", started ? `up ${duration(Date.now() / 1000 - started)}` : ""].filter(Boolean).join(", "));
    drawQueues(metrics);
    drawRefused(metrics);
  }

  function drawQueues(metrics) {
    const sizes = new Map(samples(metrics, "telltale_queue_capacity").map((s) => [s.labels.queue, s.value]));
    replace(queues, el("h2", {}, "Queues"), el("table", {}, el("tbody", {}, samples(metrics, "telltale_queue_depth").map((s) => {
      const full = sizes.get(s.labels.queue);
      return el("tr", {}, el("td", {class: "name"}, s.labels.queue.replaceAll("_", " ")), el("td", {}, full ? el("meter", {min: 0, max: full, value: s.value, high: full * 0.8, "aria-label": s.labels.queue}) : null),
        el("td", {class: "num"}, full ? `${number(s.value)} of ${number(full)}` : number(s.value)));
    }))));
  }

  function drawRefused(metrics) {
    const rows = [["telltale_dead_letters_total", "dead letter"], ["telltale_samples_dropped_total", "reading dropped"], ["telltale_timestamps_replaced_total", "time replaced"], ["telltale_queue_dropped_total", "queue dropped"]]
      .flatMap(([name, what]) => samples(metrics, name).filter((s) => s.value > 0).map((s) => [what, s.labels.reason ?? s.labels.queue ?? "", s.value]));
    replace(refused, el("h2", {}, "Refused and repaired"), rows.length === 0 ? el("p", {class: "muted"}, "Nothing since the service started.")
      : el("table", {}, el("tbody", {}, rows.map(([what, why, n]) => el("tr", {}, el("td", {}, what), el("td", {class: "muted"}, why.replaceAll("_", " ")), el("td", {class: "num"}, number(n)))))));
  }

  async function drawChecks() {
    try {
      const answer = await fetch("/readyz", {cache: "no-store"});  // 503 has the same body
      const ready = await answer.json();
      replace(checks, Object.entries(ready.checks).map(([name, state]) => el("span", {class: "badge", "data-severity": state === "ok" ? null : "critical"}, `${name}: ${state}`)));
    } catch {
      replace(checks, el("span", {class: "badge", "data-severity": "critical"}, "no answer"));
    }
  }
  async function countStored() {
    stored = (await get("/statistics", {by: "tenant", from: 0, to: "now"})).items.reduce((n, item) => n + item.count, 0);
  }
  const ends = [repeat(every, draw), repeat(5000, drawChecks), repeat(30_000, () => countStored().catch(() => {}))];
  return () => ends.forEach((end) => end());
}
