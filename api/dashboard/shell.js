// What surrounds the pages: dialogs, notes, the theme, the state of the link, shortcuts.
import {onKeyNeeded} from "/assets/client.js";
import {el, setText} from "/assets/dom.js";
import {alerts, events, link, rank} from "/assets/live.js";

const themes = ["auto", "light", "dark"];
const shortcuts = [["g then f", "fleet"], ["g then a", "alerts"], ["g then s", "system"], ["/", "search"], ["t", "theme: auto, light, dark"],
  ["↓ ↑ Enter", "move in the fleet's list, open a device"], ["+ − ← →", "zoom and move a device's charts"], ["0", "charts: back to the last hour"], ["?", "this list"], ["Esc", "close"]];

export function toast(text, kind = "good") {
  const note = el("p", {class: "toast", "data-kind": kind}, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 3500);
}

/** A dialog with a form. submit(form data) may throw: the message is shown and the dialog stays. Resolves when closed. */
export function ask({title, content, action, submit, cancel = "Cancel"}) {
  return new Promise((resolve) => {
    const wrong = el("p", {class: "wrong", role: "alert", hidden: true});
    const go = action ? el("button", {class: "primary", type: "submit"}, action) : null;
    const form = el("form", {onsubmit: async (event) => {
      event.preventDefault();
      if (go) go.disabled = true;
      try {
        await submit?.(new FormData(form));
        box.close("done");
      } catch (error) {
        setText(wrong, error.message);
        wrong.hidden = false;
      } finally {
        if (go) go.disabled = false;
      }
    }}, el("h2", {id: "dialog-title"}, title), content, wrong,
    el("div", {class: "dialog-end"}, cancel ? el("button", {type: "button", onclick: () => box.close("")}, cancel) : null, go));
    const box = el("dialog", {"aria-labelledby": "dialog-title", onclose: () => { box.remove(); resolve(box.returnValue === "done"); },
      oncancel: (event) => { if (!cancel) event.preventDefault(); }}, form);
    document.body.append(box);
    box.showModal();
  });
}

async function askForKey(why) {
  let key = "";
  while (!key) {
    await ask({title: "A key is needed", action: "Continue", cancel: "", content: el("div", {},
      el("p", {}, "This service shows its data to whoever has a key. It is made on the service's machine:"),
      el("pre", {}, "telltale key create --data DATA --name dashboard --scope read,write"),
      why ? el("p", {class: "wrong"}, why) : null,
      el("label", {}, "Key", el("input", {type: "password", name: "key", autocomplete: "off", required: true, autofocus: true})),
      el("p", {class: "hint"}, "It is kept until this tab is closed.")),
    submit: (data) => { key = String(data.get("key")).trim(); }});
  }
  return key;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("telltale-theme", theme);
  const button = document.getElementById("theme");
  button.textContent = {auto: "Auto", light: "Light", dark: "Dark"}[theme];
  button.setAttribute("aria-label", `Theme: ${theme}`);
  button.title = "Theme: auto, light, dark (t)";
  events.dispatchEvent(new CustomEvent("theme"));
}

function nextTheme() {
  setTheme(themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length]);
}

function showShortcuts() {
  if (document.querySelector("dialog")) return;
  ask({title: "Keyboard", cancel: "Close", content: el("dl", {class: "keys"},
    shortcuts.flatMap(([keys, what]) => [el("dt", {}, keys.split(" ").map((k) => (k === "then" ? " then " : el("kbd", {}, k)))), el("dd", {}, what)]))});
}

function onKey(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog")) return;
  const pages = {f: "#/", a: "#/alerts", s: "#/system"};
  if (onKey.went && pages[event.key]) location.hash = pages[event.key];
  else if (event.key === "/" && document.getElementById("search")) document.getElementById("search").focus();
  else if (event.key === "t") nextTheme();
  else if (event.key === "?") showShortcuts();
  else if (event.key !== "g") return void (onKey.went = false);
  onKey.went = event.key === "g";
  event.preventDefault();
}

function showLink() {
  const node = document.getElementById("link");
  node.dataset.state = link.state;
  node.title = link.detail;
  setText(document.getElementById("link-text"), {live: "live", polling: "every 5 s", connecting: "connecting", down: "no connection"}[link.state]);
}

function showCount() {
  const node = document.getElementById("alert-count");
  const open = [...alerts.values()].filter((a) => a.state === "firing" || a.state === "flapping");
  node.hidden = open.length === 0;
  setText(node, String(open.length));
  node.dataset.severity = open.sort((a, b) => rank(a) - rank(b))[0]?.severity ?? "";
}

export function start() {
  onKeyNeeded(askForKey);
  setTheme(themes.includes(localStorage.getItem("telltale-theme")) ? localStorage.getItem("telltale-theme") : "auto");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => events.dispatchEvent(new CustomEvent("theme")));
  document.getElementById("theme").addEventListener("click", nextTheme);
  document.getElementById("keys").addEventListener("click", showShortcuts);
  document.getElementById("skip").addEventListener("click", (event) => {  // the hash belongs to the pages
    event.preventDefault();
    document.getElementById("main").focus();
  });
  document.addEventListener("keydown", onKey);
  events.addEventListener("link", showLink);
  events.addEventListener("alerts", showCount);
}
