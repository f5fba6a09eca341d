// The orders people give about alerts. Their name is remembered in this browser.
import {send} from "/assets/client.js";
import {el, field} from "/assets/dom.js";
import {loadAlerts} from "/assets/live.js";
import {ask, toast} from "/assets/shell.js";

const place = "telltale-by";
const spans = [["15m", "15 minutes", 900], ["1h", "1 hour", 3600], ["4h", "4 hours", 14400], ["1d", "1 day", 86400], ["7d", "7 days", 604800]];
const who = () => field("Your name", "by", {value: localStorage.getItem(place) ?? "", maxlength: 60});
const span = () => el("label", {}, "For", el("select", {name: "span"}, spans.map(([value, text]) => el("option", {value, selected: value === "1h"}, text))));
const until = (data) => Date.now() + 1000 * spans.find(([value]) => value === data.get("span"))[2];

/** Only what was filled in. */
function given(data, names) {
  const body = {};
  for (const name of names) {
    const text = String(data.get(name) ?? "").trim();
    if (text) body[name] = text;
  }
  if (body.by) localStorage.setItem(place, body.by);
  return body;
}

export async function acknowledge(alert) {
  const done = await ask({title: "Acknowledge", action: "Acknowledge", content: el("div", {}, el("p", {}, alert.summary),
    who(), field("Comment", "comment", {maxlength: 200, autofocus: true, placeholder: "on it"})),
  submit: (data) => send("POST", `/alerts/${encodeURIComponent(alert.id)}/ack`, given(data, ["by", "comment"]))});
  if (done) settled("Acknowledged");
  return done;
}

export async function silenceAlert(alert) {
  const done = await ask({title: "Silence this alert", action: "Silence", content: el("div", {}, el("p", {}, alert.summary),
    span(), who(), field("Comment", "comment", {maxlength: 200, autofocus: true})),
  submit: (data) => send("POST", `/alerts/${encodeURIComponent(alert.id)}/silence`, {...given(data, ["by", "comment"]), until: until(data)})});
  if (done) settled("Silenced");
  return done;
}

export async function newSilence(filled = {}) {
  const pattern = (label, name, hint) => field(label, name, {value: filled[name] ?? "", placeholder: hint, spellcheck: "false"});
  const done = await ask({title: "New silence", action: "Silence", content: el("div", {},
    el("p", {class: "hint"}, "Alerts that match all that is filled in say nothing until it ends. * stands for any characters."),
    el("div", {class: "pair"}, pattern("Site", "site", "any"), pattern("Device", "device", "pump-*"), pattern("Rule", "rule", "any"),
      pattern("Metric", "metric", "any"), pattern("Severity", "severity", "any"), span()),
    who(), field("Comment", "comment", {maxlength: 200})),
  submit: (data) => send("POST", "/silences", {...given(data, ["site", "device", "rule", "metric", "severity", "by", "comment"]), until: until(data)})});
  if (done) settled("The silence is set");
  return done;
}

function settled(text) {
  toast(text);
  loadAlerts().catch(() => {});
}
