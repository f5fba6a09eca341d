// The loss balance: every message that came has exactly one outcome, or is on its way.
import {el, setText, replace} from "/assets/dom.js";
import {number} from "/assets/format.js";
import {samples, sum} from "/assets/metrics_text.js";

const meanings = {stored: "readings stored", status: "status of a device", duplicate: "delivered again, stored once", overlap: "seen by two topic filters, stored once",
  retained: "retained copy, never stored", dead_letter: "refused, kept as a dead letter", empty: "nothing to store", ignored: "not for us"};

export function balanceCard() {
  const rows = el("tbody", {});
  const verdict = el("p", {class: "verdict", id: "balance"});
  const node = el("section", {class: "card"}, el("h2", {}, "Loss balance"), el("table", {}, rows), verdict);
  return {
    node,
    draw(metrics) {
      const outcomes = samples(metrics, "telltale_messages_total").filter((s) => s.value > 0).sort((a, b) => b.value - a.value);
      const received = sum(metrics, "telltale_messages_received_total");
      const way = sum(metrics, "telltale_messages_in_flight");
      const known = outcomes.reduce((total, s) => total + s.value, 0);
      const row = (name, more, n) => el("tr", {}, el("td", {}, name, more ? el("span", {class: "muted"}, ` ${more}`) : null), el("td", {class: "num"}, number(n)));
      replace(rows, row("received", "since the service started", received), outcomes.map((s) => row(s.labels.outcome.replace("_", " "), meanings[s.labels.outcome], s.value)), row("in flight", "", way));
      verdict.dataset.ok = String(received === known + way);
      setText(verdict, received === known + way ? "✓ Balanced: nothing is missing" : `✗ ${number(received - known - way)} messages have no outcome`);
    },
  };
}
