// One metric over time, by dygraphs: the line, the band from least to greatest, what was expected, and the alerts on it.
/* global Dygraph */
import {expectedOf, loadSeries, loadUsual} from "/assets/device_charts.js";
import {el, replace, setText} from "/assets/dom.js";
import {axisNumber, count, moment, reading} from "/assets/format.js";
import {rank} from "/assets/live.js";

/** The library's label is markup, which is put on the page as text. */
const timeLabel = (...about) => Dygraph.dateAxisLabelFormatter(...about).replaceAll("&#160;", "\u00a0");

const hour = 3_600_000;
const usualFor = 60_000;  // so long what the detector expects is not asked anew

// Those that write markup stay out: the words around a chart are ours.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((p) => p !== Dygraph.Plugins.Legend && p !== Dygraph.Plugins.ChartLabels);

/** The computed colour of a custom property, for the canvas. */
function colour(name, alpha = 1) {
  const probe = el("span", {});
  document.body.append(probe);
  probe.style.color = alpha === 1 ? `var(${name})` : `color-mix(in srgb, var(${name}) ${100 * alpha}%, transparent)`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

export class MetricChart {
  /** onRange(from, to): somebody zoomed; onReset(): a double click. */
  constructor({site, device, metric, unit, onRange, onReset}) {
    this.series = {site, device, metric};
    this.unit = unit;
    this.onRange = onRange;
    this.onReset = onReset;
    this.alerts = [];
    this.usual = null;
    this.usualAt = -Infinity;
    this.now = el("span", {class: "chart-now"});
    this.at = el("span", {class: "chart-at"});
    this.plot = el("div", {class: "plot"});
    this.caption = el("figcaption", {});
    this.node = el("figure", {class: "card", "data-metric": metric}, el("div", {class: "chart-head"}, el("h2", {title: metric}, metric), this.now, this.at), this.plot, this.caption);
  }

  setNow(value) {
    setText(this.now, reading(value, this.unit));
  }

  async show(from, to, alerts, withUsual) {
    this.loading?.abort();
    this.loading = new AbortController();
    const {signal} = this.loading;
    try {
      if (withUsual && Date.now() - this.usualAt > usualFor) {
        this.known = await loadUsual(this.series, signal);
        this.usualAt = Date.now();
      }
      const data = await loadSeries(this.series, from, to, signal);
      if (signal.aborted) return;
      this.usual = withUsual ? this.known : null;
      this.alerts = alerts.filter((a) => a.metric === this.series.metric || a.metric === "_");
      this.data = data;
      this.range = [from, to];
      this.draw();
    } catch (error) {
      if (signal.aborted || this.closed) return;
      replace(this.caption, el("span", {class: "wrong", role: "alert"}, error.message));
    }
  }

  draw() {
    const {data} = this;
    if (!data || this.closed) return;
    this.node.dataset.raw = String(data.raw);
    const values = data.rows.map((r) => r[1]).filter((v) => v[1] !== null);
    const low = Math.min(...values.map((v) => v[0]));
    const high = Math.max(...values.map((v) => v[2]));
    const unit = this.unit;
    replace(this.caption, values.length === 0 ? el("span", {}, "No readings in this time.") : [
      el("span", {}, data.raw ? count(data.n, "raw reading") : `average of each ${data.step}, of ${count(data.n, "reading")}`),
      data.raw ? null : el("span", {}, el("i", {class: "swatch of-band"}), "least to greatest"),
      el("span", {}, `${reading(low, unit)} to ${reading(high, unit)}`),
      this.expected().length > 0 ? el("span", {}, el("i", {class: "swatch of-expected"}), this.usual?.hours.size ? "expected by the detector" : "expected") : null,
      this.alerts.length > 0 ? el("span", {}, el("i", {class: "swatch of-alert", "data-severity": [...this.alerts].sort((a, b) => rank(a) - rank(b))[0].severity}), count(this.alerts.length, "alert")) : null]);
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", values.length === 0 ? "no readings" : `${this.series.metric} from ${reading(low, unit)} to ${reading(high, unit)}, ${moment(this.range[0])} to ${moment(this.range[1])}`);
    const file = data.rows.length > 0 ? data.rows : [[new Date(this.range[0]), [null, null, null]]];
    const switchLike = values.length > 0 && values.every((v) => v[0] === v[2] && (v[1] === 0 || v[1] === 1));
    const changing = {file, dateWindow: this.range, stepPlot: switchLike, valueRange: this.room(low, high, switchLike)};
    if (this.graph) this.graph.updateOptions(changing);
    else this.graph = new Dygraph(this.plot, file, {...this.options(), ...changing});
  }

  /** When the earliest reading in sight was, ms. */
  first() {
    return Number(this.data?.rows[0]?.[0] ?? Infinity);
  }

  /** Limits and what was expected are in sight as long as they do not squeeze the line. */
  room(low, high, switchLike) {
    if (!(high >= low)) return [0, 1];
    if (switchLike) return [-0.15, 1.15];
    const size = high - low || Math.abs(high) * 0.1 || 1;
    for (const value of this.alerts.map((a) => a.threshold).concat(this.expected().flatMap((e) => e.band))) {
      if (Number.isFinite(value) && value > high - 3 * size && value < low + 3 * size) [low, high] = [Math.min(low, value), Math.max(high, value)];
    }
    const margin = (high - low || size) * 0.08;
    return [low - margin, high + margin];
  }

  expected() {
    const told = this.alerts.map((a) => ({from: a.started_ts, to: this.endOf(a), band: expectedOf(a)})).filter((e) => e.band);
    if (!this.usual || !this.range) return told;
    const {hours, offset} = this.usual;
    for (let at = Math.floor((this.range[0] + offset) / hour) * hour; at < this.range[1] + offset; at += hour) {
      const band = hours.get(new Date(at).getUTCHours());
      if (band) told.push({from: at - offset, to: at - offset + hour, band});
    }
    return told;
  }

  endOf(alert) {
    return alert.state === "resolved" || alert.state === "removed" ? alert.ts : Math.max(Date.now(), this.range?.[1] ?? 0);
  }

  options() {
    const accent = colour("--accent");
    return {
      labels: ["time", "value"], customBars: true, legend: "never", colors: [accent], strokeWidth: 1.6, fillAlpha: 0.2, drawGapEdgePoints: true,
      gridLineColor: colour("--line"), axisLineColor: colour("--line"), highlightCircleSize: 3.5, xRangePad: 4,
      axes: {x: {drawGrid: false, axisLabelWidth: 62, axisLabelFormatter: timeLabel}, y: {axisLabelWidth: 52, axisLabelFormatter: (v, granularity, options, graph) => axisNumber(v, graph.yAxisRange()), pixelsPerLabel: 34}},
      interactionModel: {...Dygraph.defaultInteractionModel, dblclick: () => this.onReset()},
      zoomCallback: (from, to) => this.onRange(from, to),
      highlightCallback: (event, x, points) => setText(this.at, `${moment(x)}   ${points[0] ? reading(points[0].yval, this.unit) : ""}`),
      unhighlightCallback: () => setText(this.at, ""),
      underlayCallback: (context, area, graph) => this.under(context, area, graph),
      plotter: [Dygraph.Plotters.errorPlotter, Dygraph.Plotters.linePlotter, (e) => this.marks(e)],
    };
  }

  /** Behind the line: what was expected, the time an alert lasted, the limit it had. */
  under(context, area, graph) {
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.w, area.h);
    context.clip();
    const x = (ts) => Math.max(area.x, Math.min(area.x + area.w, graph.toDomXCoord(ts)));
    context.fillStyle = colour("--info", 0.16);
    for (const {from, to, band} of this.expected()) {
      const top = graph.toDomYCoord(band[1]);
      context.fillRect(x(from), top, x(to) - x(from), graph.toDomYCoord(band[0]) - top);
    }
    for (const alert of this.alerts) {
      context.fillStyle = colour(`--${alert.severity}`, 0.1);
      context.fillRect(x(alert.started_ts), area.y, Math.max(2, x(this.endOf(alert)) - x(alert.started_ts)), area.h);
      if (alert.threshold === undefined || expectedOf(alert)) continue;
      const y = graph.toDomYCoord(alert.threshold);
      context.strokeStyle = colour(`--${alert.severity}`, 0.7);
      context.setLineDash([5, 4]);
      context.beginPath();
      context.moveTo(area.x, y);
      context.lineTo(area.x + area.w, y);
      context.stroke();
    }
    context.restore();
  }

  /** On the line: where each alert began. */
  marks({drawingContext: context, dygraph: graph, points}) {
    for (const alert of this.alerts) {
      const near = points.reduce((best, p) => (p.yval !== null && !Number.isNaN(p.yval) && (!best || Math.abs(p.xval - alert.started_ts) < Math.abs(best.xval - alert.started_ts)) ? p : best), null);
      if (!near || alert.started_ts < this.range[0] || alert.started_ts > this.range[1]) continue;
      const at = graph.toDomXCoord(alert.started_ts);
      const y = graph.toDomYCoord(near.yval);
      context.save();
      context.fillStyle = colour(`--${alert.severity}`);
      context.strokeStyle = colour("--surface");
      context.lineWidth = 2;
      context.beginPath();
      context.arc(at, y, 5.5, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
      context.restore();
    }
  }

  /** Other colours. */
  dress() {
    this.graph?.destroy();
    this.graph = null;
    this.draw();
  }

  close() {
    this.closed = true;
    this.loading?.abort();
    this.graph?.destroy();
    this.graph = null;
  }
}
