// Elements from data. Whatever a device calls itself becomes text here, never markup.

/** el("a", {class: "x", href: "#/", onclick: f}, "text", otherElement). A child that is null is left out. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

export function replace(node, ...children) {
  node.replaceChildren(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
}

/** Only when it differs: a screen reader and the layout need not hear of the rest. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A link that a configuration names; anything that is not the web is shown as text. */
export function outside(text) {
  return /^https?:\/\//i.test(text) ? el("a", {href: text, rel: "noopener noreferrer", target: "_blank"}, text) : text;
}

export const field = (label, name, more = {}) => el("label", {}, label, el("input", {name, autocomplete: "off", ...more}));

export function empty(title, ...more) {
  return el("div", {class: "empty"}, el("h2", {}, title), ...more.map((m) => (typeof m === "string" ? el("p", {}, m) : m)));
}

export function failure(error, again) {
  return el("div", {class: "empty failed", role: "alert"}, el("h2", {}, "That did not work"), el("p", {}, error.message),
    again ? el("button", {onclick: again}, "Try again") : null);
}
