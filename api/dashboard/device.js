// One device: what it is, what it said, over any time, and the alerts about it.
import {ApiError, get} from "/assets/client.js";
import {drawAlerts} from "/assets/alert_list.js";
import {newSilence} from "/assets/alert_dialogs.js";
import {MetricChart} from "/assets/chart.js";
import {describe} from "/assets/device_note.js";
import {el, empty, failure, replace, setText} from "/assets/dom.js";
import {ago, duration, moment, reading} from "/assets/format.js";
import {alertsOf, deviceKey, devices, events, listenInSight, repeat, title} from "/assets/live.js";

const minute = 60_000;
const spans = [["5 min", 5 * minute], ["15 min", 15 * minute], ["1 h", 60 * minute], ["6 h", 360 * minute], ["24 h", 1440 * minute], ["7 d", 10080 * minute], ["30 d", 43200 * minute]];
const usualSpan = 60 * minute;
const shortest = 1000;
const drawEvery = 2000;

export function open(main, [site, device], query) {
  const view = {span: usualSpan, from: null, to: null, usual: false};
  if (query.has("from") && query.has("to")) Object.assign(view, {from: Number(query.get("from")), to: Number(query.get("to"))});
  const name = el("h1");
  const place = el("span", {class: "found"});
  const note = el("p", {class: "device-note"});
  const facts = el("div", {class: "facts"});
  const ranges = el("div", {class: "segments", role: "group", "aria-label": "Time"});
  const chosen = el("span", {class: "muted"});
  const usual = el("input", {type: "checkbox", onchange: () => { view.usual = usual.checked; drawCharts(); }});
  const charts = el("div", {class: "charts"});
  const words = el("section", {class: "section", hidden: true});
  const alertBox = el("ul", {class: "alert-list", "aria-label": "Alerts of this device"});
  const noAlerts = el("p", {class: "muted", hidden: true}, "None in this time.");
  const page = el("section", {class: "page device"},
    el("div", {class: "title-line"}, name, place, el("span", {class: "grow"}),
      el("button", {id: "describe", onclick: async () => { if (await describe(known)) load().catch(() => {}); }}, "Name …"),
      el("button", {onclick: () => newSilence({site, device})}, "Silence …")),
    note, facts, el("div", {class: "tools"}, ranges, chosen, el("span", {class: "grow"}), el("label", {class: "muted check"}, usual, "expected by the detector")),
    charts, words, el("section", {class: "section"}, el("h2", {}, "Alerts in this time"), alertBox, noAlerts));
  replace(main, el("p", {class: "loading", role: "status"}, "Loading …"));

  const shown = new Map();  // metric -> MetricChart
  let known = {site, device};
  let closed = false;
  let drawnAt = 0;
  let asChosen = view.from !== null;  // else the time in sight is what a young device has to show

  /** What follows the present has a little room at its end for the newest reading. */
  const range = () => (view.from === null ? [Date.now() - view.span, Date.now() + view.span / 60] : [view.from, view.to]);
  const at = () => `#/device/${site}/${device}${view.from === null ? "" : `?from=${Math.floor(view.from)}&to=${Math.ceil(view.to)}`}`;

  function look(from, to) {
    Object.assign(view, {from: Math.floor(from), to: Math.ceil(Math.max(to, from + shortest))});
    history.replaceState(null, "", at());
    drawRanges();
    drawCharts();
  }

  function follow(span) {
    asChosen = true;
    Object.assign(view, {span, from: null, to: null});
    history.replaceState(null, "", at());
    drawRanges();
    drawCharts();
  }

  function drawRanges() {
    replace(ranges, spans.map(([text, span]) => el("button", {"aria-pressed": String(view.from === null && view.span === span), onclick: () => follow(span)}, text)));
    setText(chosen, view.from === null ? "drag in a chart to zoom" : `${moment(view.from)} to ${moment(view.to)} (${duration((view.to - view.from) / 1000)}), double click to go back`);
  }

  async function drawCharts() {
    drawnAt = Date.now();
    const [from, to] = range();
    let about = [];
    try {
      about = (await get("/alerts", {state: "all", site, device, limit: 200})).items.filter((a) => a.started_ts < to && (a.active || a.ts >= from));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
    if (closed) return;
    drawAlerts(alertBox, about.sort((a, b) => b.active - a.active || b.started_ts - a.started_ts));
    noAlerts.hidden = about.length > 0;
    await Promise.all([...shown.values()].map((chart) => chart.show(from, to, about, view.usual)));
    if (asChosen || closed) return;
    asChosen = true;
    const first = Math.min(...[...shown.values()].map((chart) => chart.first()));
    const span = spans.find(([, length]) => Date.now() - first < length)?.[1];
    if (span && span < view.span) follow(span);
  }

  function drawFacts(now) {
    setText(name, title(known));
    setText(place, known.name ? deviceKey(site, device) : site);
    setText(note, known.note ?? "");
    note.hidden = !known.note;
    const fact = (name, value) => el("span", {}, `${name} `, el("b", {}, value));
    replace(facts, el("span", {class: "presence", "data-state": now.state}, el("span", {class: "dot", "aria-hidden": "true"}), now.state),
      now.since_ts ? el("span", {}, `since ${moment(now.since_ts)}`) : null, fact("last heard", ago(now.last_seen_ts)),
      now.heartbeat_s ? fact("heartbeat", duration(now.heartbeat_s)) : null,
      Object.entries(now.tags).map(([name, value]) => fact(name, value)));
  }

  function drawSeries(series) {
    const alerting = new Set(alertsOf(site, device).map((a) => a.metric));
    const switchLike = (s) => s.value === 0 || s.value === 1;
    const numbers = series.filter((s) => typeof s.value === "number")
      .sort((a, b) => alerting.has(b.metric) - alerting.has(a.metric) || switchLike(a) - switchLike(b));
    const texts = series.filter((s) => typeof s.value === "string");
    for (const s of numbers) {
      if (!shown.has(s.metric)) {
        const chart = new MetricChart({site, device, metric: s.metric, unit: s.unit, onRange: look, onReset: () => follow(view.span)});
        shown.set(s.metric, chart);
        charts.append(chart.node);
      }
      shown.get(s.metric).setNow(s.value);
    }
    words.hidden = texts.length === 0;
    replace(words, el("h2", {}, "States"), el("div", {class: "card scroll-x"}, el("table", {}, el("tbody", {},
      texts.map((s) => el("tr", {}, el("td", {}, s.metric), el("td", {}, el("b", {}, reading(s.value))), el("td", {class: "num muted"}, moment(s.ts))))))));
    if (series.length === 0) replace(charts, empty("No readings yet", "This device has said that it is there, and nothing else."));
  }

  async function load() {
    const now = await get(`/devices/${site}/${device}`);
    if (closed) return;
    if (!page.isConnected) {
      replace(main, page);
      drawRanges();
    }
    known = now;
    const before = shown.size;
    drawFacts({...now, ...(devices.get(deviceKey(site, device)) ?? {}), last_seen_ts: now.last_seen_ts});
    drawSeries(now.series);
    if (shown.size !== before) await drawCharts();
  }

  /** New readings move the charts that follow the present, the longer the time in sight the seldomer. */
  function heard() {
    if (document.hidden || view.from !== null || Date.now() - drawnAt < Math.max(drawEvery, view.span / 1000)) return;
    drawCharts().catch(() => {});
  }

  const ending = new AbortController();
  async function hear() {
    const where = new URLSearchParams({topics: "readings", site, device});
    while (!closed) {
      try {
        await listenInSight(`/stream?${where}`, ending.signal, () => {}, (name, text) => {
          if (name !== "readings") return;
          for (const row of JSON.parse(text)) shown.get(row.metric)?.setNow(row.value);
          heard();
        });
      } catch (error) {
        if (error instanceof ApiError) return;  // no such stream here: load() asks again anyway
      }
      await new Promise((resolve) => { setTimeout(resolve, 3000); });
    }
  }

  function onKey(event) {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog")) return;
    const [from, to] = range();
    const length = to - from;
    const moves = {"+": [from + length / 4, to - length / 4], "=": [from + length / 4, to - length / 4], "-": [from - length / 2, to + length / 2],
      ArrowLeft: [from - length / 4, to - length / 4], ArrowRight: [from + length / 4, to + length / 4]};
    if (event.key === "0") follow(usualSpan);
    else if (moves[event.key]) look(...moves[event.key]);
    else return;
    event.preventDefault();
  }

  const dress = () => { for (const chart of shown.values()) chart.dress(); };
  const onAlert = (event) => { if (!event.detail || (event.detail.site === site && event.detail.device === device)) drawCharts().catch(() => {}); };
  document.addEventListener("keydown", onKey);
  events.addEventListener("theme", dress);
  events.addEventListener("alerts", onAlert);
  const end = repeat(5000, () => load().then(heard).catch((error) => { if (!page.isConnected && !closed) replace(main, failure(error)); }));
  hear();
  return () => {
    closed = true;
    end();
    ending.abort();
    document.removeEventListener("keydown", onKey);
    events.removeEventListener("theme", dress);
    events.removeEventListener("alerts", onAlert);
    for (const chart of shown.values()) chart.close();
  };
}
