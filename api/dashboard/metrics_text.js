// The Prometheus text format, as far as /metrics uses it, and what can be said from two of its answers.

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** name -> [{labels, value}] */
export function parseMetrics(text) {
  const all = new Map();
  for (const row of text.split("\n")) {
    const match = line.exec(row);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] ?? "").matchAll(label)) labels[name] = value.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c));
    if (!all.has(match[1])) all.set(match[1], []);
    all.get(match[1]).push({labels, value: Number(match[3].replace("+Inf", "Infinity"))});
  }
  return all;
}

export const samples = (metrics, name) => metrics?.get(name) ?? [];
export const sum = (metrics, name, keep = () => true) => samples(metrics, name).filter((s) => keep(s.labels)).reduce((total, s) => total + s.value, 0);

/** Quantile of a histogram's observations between two answers, linear within a bucket as Prometheus does it. */
export function quantile(now, before, name, q) {
  const old = new Map(samples(before, `${name}_bucket`).map((s) => [s.labels.le, s.value]));
  const buckets = samples(now, `${name}_bucket`).map((s) => ({le: Number(s.labels.le.replace("+Inf", "Infinity")), n: s.value - (old.get(s.labels.le) ?? 0)}))
    .sort((a, b) => a.le - b.le);
  const total = buckets.at(-1)?.n ?? 0;
  if (total <= 0) return NaN;
  const at = buckets.findIndex((b) => b.n >= q * total);
  const low = at > 0 ? buckets[at - 1] : {le: 0, n: 0};
  if (buckets[at].le === Infinity) return low.le;
  return low.le + (buckets[at].le - low.le) * (q * total - low.n) / (buckets[at].n - low.n);
}
