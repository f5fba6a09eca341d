// A list of any length of which only the rows in sight exist. Rows are of one height; the keyboard moves a cursor.
import {el} from "/assets/dom.js";

const spare = 4;  // rows above and below

export class VirtualList {
  /** makeRow(item) -> {node, update(item), close()}; items have a `key`. open(item): chosen by the keyboard. */
  constructor({label, makeRow, open}) {
    this.makeRow = makeRow;
    this.open = open;
    this.items = [];
    this.rows = new Map();
    this.cursor = -1;
    this.space = el("div", {class: "rows-space", role: "presentation"});
    this.node = el("div", {class: "rows", role: "listbox", tabindex: "0", "aria-label": label,
      onscroll: () => this.draw(), onkeydown: (event) => this.key(event)}, this.space);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.node);
  }

  set(items) {
    const at = this.items[this.cursor]?.key;
    this.items = items;
    this.cursor = at === undefined ? -1 : items.findIndex((item) => item.key === at);
    this.draw();
  }

  draw() {
    const height = this.rowHeight();
    this.space.style.height = `${this.items.length * height}px`;
    const first = Math.max(0, Math.floor(this.node.scrollTop / height) - spare);
    const last = Math.min(this.items.length, Math.ceil((this.node.scrollTop + this.node.clientHeight) / height) + spare);
    const wanted = new Set();
    for (let i = first; i < last; ++i) wanted.add(this.items[i].key);
    for (const [key, row] of this.rows) {
      if (wanted.has(key)) continue;
      row.close();
      row.node.remove();
      this.rows.delete(key);
    }
    for (let i = first; i < last; ++i) {
      const item = this.items[i];
      let row = this.rows.get(item.key);
      if (!row) {
        row = this.makeRow(item);
        row.node.id = `row-${item.key}`;
        row.node.setAttribute("role", "option");
        row.node.tabIndex = -1;
        this.rows.set(item.key, row);
        this.space.append(row.node);
      }
      row.update(item);
      row.node.style.transform = `translateY(${i * height}px)`;
      row.node.setAttribute("aria-posinset", i + 1);
      row.node.setAttribute("aria-setsize", this.items.length);
      row.node.setAttribute("aria-selected", String(i === this.cursor));
    }
    const current = this.items[this.cursor];
    if (current && wanted.has(current.key)) this.node.setAttribute("aria-activedescendant", `row-${current.key}`);
    else this.node.removeAttribute("aria-activedescendant");
  }

  rowHeight() {
    return parseFloat(getComputedStyle(this.node).getPropertyValue("--row-height")) || 48;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.rowHeight()) - 1);
    const end = this.items.length - 1;
    const moves = {ArrowDown: this.cursor + 1, ArrowUp: this.cursor - 1, PageDown: this.cursor + page, PageUp: this.cursor - page, Home: 0, End: end};
    if (event.key === "Enter" && this.items[this.cursor]) return this.open(this.items[this.cursor]);
    if (!(event.key in moves) || end < 0) return;
    event.preventDefault();
    this.cursor = Math.max(0, Math.min(end, moves[event.key]));
    const height = this.rowHeight();
    const top = this.cursor * height;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    if (top + height > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = top + height - this.node.clientHeight;
    this.draw();
  }

  close() {
    this.watch.disconnect();
    for (const row of this.rows.values()) row.close();
    this.rows.clear();
  }
}
