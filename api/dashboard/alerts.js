// Alerts: what is wrong now, what was, and what is kept quiet.
import {get} from "/assets/client.js";
import {drawAlerts, place, reasonText} from "/assets/alert_list.js";
import {el, empty, failure, replace, setText} from "/assets/dom.js";
import {count, moment} from "/assets/format.js";
import {alerts, events, loadAlerts, loaded, rank, severities} from "/assets/live.js";
import {showSilences} from "/assets/silences.js";

const tabs = {active: "Active", history: "History", silences: "Silences"};
const urgency = (a) => (a.state === "silenced" ? 20 : a.state === "acknowledged" ? 10 : 0) + rank(a);

function showActive(box) {
  const list = el("ul", {class: "alert-list", "aria-label": "Active alerts"});
  const nothing = el("div", {});
  replace(box, list, nothing);
  function draw() {
    const shown = [...alerts.values()].sort((a, b) => urgency(a) - urgency(b) || b.started_ts - a.started_ts);
    drawAlerts(list, shown);
    replace(nothing, shown.length > 0 ? [] : loaded.alerts ? empty("All quiet", "No alert is active. New ones appear here by themselves.")
      : el("p", {class: "loading"}, "Loading …"));
  }
  events.addEventListener("alerts", draw);
  draw();
  if (!loaded.alerts) loadAlerts().catch((error) => replace(nothing, failure(error, () => showActive(box))));
  return () => events.removeEventListener("alerts", draw);
}

function showHistory(box) {
  const severity = el("select", {"aria-label": "Severity", onchange: () => draw()}, el("option", {value: ""}, "every severity"), severities.map((s) => el("option", {}, s)));
  const reach = el("select", {"aria-label": "Since", onchange: () => draw()}, [["now-1h", "last hour"], ["now-24h", "last 24 hours"], ["now-7d", "last 7 days"], ["now-30d", "last 30 days"]]
    .map(([value, text]) => el("option", {value, selected: value === "now-24h"}, text)));
  const device = el("input", {type: "search", id: "search", placeholder: "Device, whole name", "aria-label": "Device", spellcheck: "false", onchange: () => draw()});
  const body = el("div", {});
  const more = el("button", {hidden: true, onclick: () => page()}, "Older ones");
  let next;
  let rows;
  replace(box, el("div", {class: "tools"}, device, severity, reach), body, el("p", {}, more));

  async function page() {
    const answer = await get("/alerts/history", {severity: severity.value, device: device.value.trim(), from: reach.value, limit: 100, cursor: next});
    next = answer.next;
    more.hidden = !next;
    rows.append(...answer.items.map((t) => el("tr", {}, el("td", {title: new Date(t.ts).toISOString()}, moment(t.ts)), el("td", {}, el("span", {class: "badge", "data-severity": t.severity}, t.severity)),
      el("td", {}, t.state), el("td", {}, place(t)), el("td", {}, t.summary), el("td", {}, reasonText(t.reason), t.by ? ` (${t.by})` : "",
        t.comment ? el("div", {class: "note muted"}, `“${t.comment}”`) : null))));
  }

  async function draw() {
    next = undefined;
    rows = el("tbody", {});
    try {
      await page();
      replace(body, rows.children.length === 0 ? empty("Nothing happened", "No alert changed in this time.")
        : el("div", {class: "card scroll-x"}, el("table", {id: "history"}, el("thead", {}, el("tr", {}, ["When", "Severity", "Became", "Where", "What", "Why"].map((t) => el("th", {scope: "col"}, t)))), rows)));
    } catch (error) {
      replace(body, failure(error, draw));
    }
  }
  draw();
  let due = 0;
  const soon = () => { due ||= setTimeout(() => { due = 0; draw(); }, 1000); };
  events.addEventListener("alerts", soon);
  return () => { clearTimeout(due); events.removeEventListener("alerts", soon); };
}

const shows = {active: showActive, history: showHistory, silences: showSilences};

export function open(main, [tab = "active"]) {
  const name = Object.hasOwn(tabs, tab) ? tab : "active";
  const total = el("span", {class: "found", role: "status"});
  const box = el("div", {});
  replace(main, el("section", {class: "page"}, el("div", {class: "title-line"}, el("h1", {}, "Alerts"), total),
    el("div", {class: "tabs segments", role: "group", "aria-label": "Which alerts"}, Object.entries(tabs).map(([key, text]) =>
      el("button", {"aria-pressed": String(key === name), "data-tab": key, onclick: () => { location.hash = `#/alerts/${key}`; }}, text))), box));
  const close = shows[name](box);
  const tell = () => setText(total, loaded.alerts ? `${count(alerts.size, "alert")} active` : "");
  events.addEventListener("alerts", tell);
  tell();
  return () => { close(); events.removeEventListener("alerts", tell); };
}
