// The fleet: everybody, found by name, those who need somebody first.
import {el, empty, failure, replace, setText} from "/assets/dom.js";
import {count, number} from "/assets/format.js";
import {makeFleetRow} from "/assets/fleet_row.js";
import {alerts, deviceKey, devices, events, link, loaded, rank, states, title} from "/assets/live.js";
import {VirtualList} from "/assets/virtual_list.js";

const orders = {attention: "Attention first", name: "Name", seen: "Last heard"};
const remembered = {text: "", state: "", order: "attention", metric: ""};
const names = new Intl.Collator("en", {numeric: true});
const byName = (a, b) => names.compare(a.site, b.site) || names.compare(title(a), title(b)) || names.compare(a.key, b.key);
const need = (item) => (item.alerts.length > 0 ? Math.min(...item.alerts.map(rank)) : 10 + states.indexOf(item.state));
const comparisons = {
  attention: (a, b) => need(a) - need(b) || byName(a, b),
  name: byName,
  seen: (a, b) => (b.last_seen_ts ?? 0) - (a.last_seen_ts ?? 0) || byName(a, b),
};

function everybody() {
  const alertsBy = new Map();
  for (const alert of alerts.values()) {
    const key = deviceKey(alert.site, alert.device);
    if (!alertsBy.has(key)) alertsBy.set(key, []);
    alertsBy.get(key).push(alert);
  }
  return [...devices].map(([key, device]) => ({key, ...device, alerts: alertsBy.get(key) ?? []}));
}

function nobody() {
  if (link.state === "down") return failure(new Error(link.detail));
  if (!loaded.devices) return el("p", {class: "loading", role: "status"}, "Loading the fleet …");
  return empty("No device has spoken yet", "A device is whoever publishes JSON to telemetry/{site}/{device}. For instance:",
    el("pre", {}, "mosquitto_pub -q 1 -t telemetry/home/boiler -m '{\"temperature\":21.5,\"humidity\":48}'"),
    "It appears here by itself.");
}

export function open(main) {
  const chips = el("div", {class: "chips", role: "group", "aria-label": "Filter by presence"});
  const found = el("span", {class: "found", role: "status"});
  const search = el("input", {type: "search", id: "search", placeholder: "Search devices and sites", "aria-label": "Search devices and sites",
    autocomplete: "off", spellcheck: "false", value: remembered.text, oninput: () => { remembered.text = search.value; list.node.scrollTop = 0; draw(); },
    onkeydown: (e) => { if (e.key === "ArrowDown") { e.preventDefault(); list.node.focus(); } }});
  const order = el("select", {"aria-label": "Order", onchange: () => { remembered.order = order.value; draw(); }},
    Object.entries(orders).map(([value, text]) => el("option", {value, selected: value === remembered.order}, text)));
  const metric = el("input", {class: "metric-choice", placeholder: "metric: usual", "aria-label": "Metric to show, empty for the usual one", value: remembered.metric,
    autocomplete: "off", spellcheck: "false", onchange: () => { remembered.metric = metric.value.trim(); }});
  const list = new VirtualList({label: "Devices", makeRow: (item) => makeFleetRow(item, () => remembered.metric),
    open: (item) => { location.hash = `#/device/${item.site}/${item.device}`; }});
  const head = el("div", {class: "row head", "aria-hidden": "true"},
    ["State", "Device", "Last values", "15 minutes", "Last heard", "Alerts"].map((t) => el("span", {class: "cell"}, t)));
  const nothing = el("div", {class: "nothing"});
  replace(main, el("section", {class: "page fleet"},
    el("div", {class: "title-line"}, el("h1", {}, "Fleet"), found),
    el("div", {class: "tools"}, search, chips, el("span", {class: "grow"}), metric, order), head, list.node, nothing));

  const chip = (value, text, n) => el("button", {class: "chip", "data-state": value, "aria-pressed": String(remembered.state === value),
    onclick: () => { remembered.state = remembered.state === value ? "" : value; draw(); }},
  el("span", {class: "dot", "aria-hidden": "true"}), text, " ", el("b", {}, number(n)));

  let said = "";
  function drawChips(all) {
    const counts = new Map(states.map((s) => [s, 0]));
    let alerting = 0;
    for (const item of all) {
      counts.set(item.state, (counts.get(item.state) ?? 0) + 1);
      if (item.alerts.length > 0) ++alerting;
    }
    const now = JSON.stringify([...counts, alerting, remembered.state]);
    if (now === said) return;  // buttons under a finger stay the same ones
    said = now;
    const focused = chips.contains(document.activeElement) ? document.activeElement.dataset.state : null;
    replace(chips, chip("alerting", "with alerts", alerting), ["online", "stale", "offline", "sleeping", "unknown"]
      .filter((s) => counts.get(s) > 0 || remembered.state === s).map((s) => chip(s, s, counts.get(s))));
    if (focused) chips.querySelector(`[data-state="${focused}"]`)?.focus();
  }

  function draw() {
    const all = everybody();
    drawChips(all);
    const text = remembered.text.trim().toLowerCase();
    const shown = all.filter((item) => (remembered.state === "" || item.state === remembered.state || (remembered.state === "alerting" && item.alerts.length > 0))
      && (text === "" || `${item.key} ${item.name ?? ""}`.toLowerCase().includes(text)));
    shown.sort(comparisons[remembered.order]);
    setText(found, !loaded.devices && all.length === 0 ? "" : shown.length === all.length ? count(all.length, "device") : `${number(shown.length)} of ${count(all.length, "device")}`);
    head.hidden = list.node.hidden = shown.length === 0;
    if (shown.length === 0) replace(nothing, all.length === 0 ? nobody() : empty("Nobody matches", "Search by part of a site or device name, or clear the filter."));
    else replace(nothing);
    list.set(shown);
  }

  let due = 0;
  const soon = () => { due ||= setTimeout(() => { due = 0; draw(); }, 150); };  // a storm of presence is drawn once
  for (const name of ["devices", "alerts", "link"]) events.addEventListener(name, soon);
  draw();
  return () => {
    clearTimeout(due);
    for (const name of ["devices", "alerts", "link"]) events.removeEventListener(name, soon);
    list.close();
  };
}
