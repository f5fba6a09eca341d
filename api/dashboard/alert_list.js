// One alert as a line of a list: what, where, since when, who has it, and how it came about.
import {get} from "/assets/client.js";
import {acknowledge, silenceAlert} from "/assets/alert_dialogs.js";
import {el, failure, outside, replace} from "/assets/dom.js";
import {ago, moment, number} from "/assets/format.js";

const words = {violated: "its rule was violated", recovered: "back to normal", "stayed-clear": "stayed clear for the whole cooldown", "violated-again": "violated again within the cooldown",
  ordered: "ordered by a person", "silence-began": "a silence began", "silence-ended": "a silence ended", severity: "its severity changed", escalated: "it lasted",
  "part-of": "another alert speaks for it", "on-its-own": "speaks for itself again", "rule-removed": "its rule is gone", forgotten: "the service lost its memory"};

export const reasonText = (reason) => words[reason] ?? reason ?? "";

/** "the service", "site1", or the device with its link. */
export function place(alert) {
  if (alert.device !== "-") return el("a", {href: `#/device/${alert.site}/${alert.device}`}, `${alert.site}/${alert.device}`);
  return alert.site === "-" ? "the service" : `site ${alert.site}`;
}

export function facts(alert) {
  const metric = alert.metric === "_" ? null : alert.metric;
  return [el("span", {}, place(alert)), el("span", {class: "mono"}, metric ? `${alert.rule} · ${metric}` : alert.rule),
    alert.value !== undefined && alert.threshold !== undefined ? el("span", {}, `value ${number(alert.value)}, limit ${number(alert.threshold)}`) : null,
    el("span", {title: new Date(alert.started_ts).toISOString()}, `since ${moment(alert.started_ts)} (${ago(alert.started_ts)})`),
    alert.by ? el("span", {}, `${alert.state} by ${alert.by}`) : null,
    alert.comment ? el("span", {class: "note"}, `“${alert.comment}”`) : null,
    alert.runbook ? el("span", {}, "runbook: ", outside(alert.runbook)) : null];
}

export function story(transitions) {
  return el("ol", {class: "story"}, transitions.map((t) => el("li", {}, el("b", {}, t.state), ` ${moment(t.ts)} — ${reasonText(t.reason)}`,
    t.by ? ` (${t.by})` : "", t.comment ? el("span", {class: "note"}, ` “${t.comment}”`) : null)));
}

export function alertItem(alert) {
  const open = alert.state !== "resolved" && alert.state !== "removed";
  const more = el("button", {class: "quiet", "aria-expanded": "false", onclick: () => unfold()}, "Story");
  const node = el("li", {class: "alert card", "data-severity": alert.severity, "data-state": alert.state, "data-id": alert.id},
    el("div", {class: "alert-tags"}, el("span", {class: "badge", "data-severity": alert.severity}, alert.severity), el("span", {class: "badge", "data-state": alert.state}, alert.state)),
    el("div", {}, el("div", {class: "alert-summary"}, alert.summary), el("div", {class: "alert-facts"}, facts(alert))),
    el("div", {class: "alert-actions"},
      open && alert.state !== "acknowledged" ? el("button", {class: "ack", onclick: () => acknowledge(alert)}, "Acknowledge") : null,
      open ? el("button", {class: "silence", onclick: () => silenceAlert(alert)}, "Silence") : null, more));

  async function unfold() {
    const shown = node.querySelector(".story");
    more.setAttribute("aria-expanded", String(!shown));
    if (shown) return shown.remove();
    try {
      node.append(story((await get(`/alerts/${encodeURIComponent(alert.id)}`)).history));
    } catch (error) {
      node.append(el("div", {class: "story"}, failure(error)));
    }
  }
  return node;
}

/** Draws again only lines that changed, so that nothing moves under a finger and an unfolded story stays. */
export function drawAlerts(list, shown) {
  const old = new Map([...list.children].map((node) => [node.dataset.id, node]));
  replace(list, shown.map((alert) => {
    const mark = `${alert.n} ${alert.state}`;
    const known = old.get(alert.id);
    if (known?.dataset.mark === mark) return known;
    const node = alertItem(alert);
    node.dataset.mark = mark;
    return node;
  }));
}
