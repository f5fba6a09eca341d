// Which page is shown. The address behind # names it: #/, #/device/{site}/{device}, #/alerts, #/system.
import {el, empty, failure, replace} from "/assets/dom.js";
import {start as follow} from "/assets/live.js";
import {start as surround} from "/assets/shell.js";

// Whatever a library would write as markup becomes text (the Content-Security-Policy forbids it any other way).
window.trustedTypes?.createPolicy("default", {createHTML: (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)});

const pages = {"": "fleet", fleet: "fleet", device: "device", alerts: "alerts", system: "system"};
let close = () => {};
let shown = 0;

async function show() {
  const mine = ++shown;
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  const main = document.getElementById("main");
  close();
  close = () => {};
  const name = Object.hasOwn(pages, parts[0]) ? pages[parts[0]] : null;
  for (const anchor of document.querySelectorAll("nav a")) {
    if (anchor.dataset.page === name || (name === "device" && anchor.dataset.page === "fleet")) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  if (!name) return replace(main, empty("There is no such page", el("p", {}, el("a", {href: "#/"}, "To the fleet"))));
  document.title = `${name === "device" ? parts[2] : name[0].toUpperCase() + name.slice(1)} · Telltale`;
  try {
    const page = await import(`/assets/${name}.js`);
    if (mine !== shown) return;
    close = page.open(main, parts.slice(1), new URLSearchParams(query)) ?? (() => {});
  } catch (error) {
    if (mine === shown) replace(main, failure(error, show));
  }
}

surround();
follow();
window.addEventListener("hashchange", show);
show();
