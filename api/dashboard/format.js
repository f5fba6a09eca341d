// Numbers, units and times for people.

const units = {Cel: "°C", "[degF]": "°F", K: "K", deg: "°", Pa: "Pa", hPa: "hPa", "m/s": "m/s", "/min": "1/min", "1": "", "{count}": ""};
const numbers = [0, 1, 2, 3, 4].map((digits) => new Intl.NumberFormat("en", {maximumFractionDigits: digits}));
const wholeTime = new Intl.DateTimeFormat("en-GB", {dateStyle: "medium", timeStyle: "medium"});
const dayTime = new Intl.DateTimeFormat("en-GB", {timeStyle: "medium"});

export const NONE = "–";

/** Four significant digits, without an exponent where it can be avoided. */
export function number(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e12)) return value.toPrecision(3);
  return numbers[size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4].format(value);
}

/** As many digits as tell the labels of an axis apart. */
export function axisNumber(value, [low, high]) {
  const digits = Math.ceil(1 - Math.log10((high - low) / 4 || 1));
  return digits > 8 ? value.toPrecision(3) : new Intl.NumberFormat("en", {maximumFractionDigits: Math.max(0, digits)}).format(value);
}

export function unitText(unit) {
  return unit === undefined ? "" : (Object.hasOwn(units, unit) ? units[unit] : unit);
}

/** What a device said: a number with its unit, or its own text. */
export function reading(value, unit) {
  if (value === undefined) return NONE;
  if (typeof value === "string") return value;
  const name = unitText(unit);
  return name ? `${number(value)} ${name}` : number(value);
}

export function bytes(n) {
  if (!Number.isFinite(n)) return NONE;
  for (const name of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024) return `${number(n < 10 || name === "B" ? n : Math.round(n * 10) / 10)} ${name}`;
    n /= 1024;
  }
  return `${number(n)} TiB`;
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds < 0.001) return `${number(seconds * 1e6)} µs`;
  if (seconds < 1) return `${number(Math.round(seconds * 1e4) / 10)} ms`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

export function ago(ts, now = Date.now()) {
  if (ts === undefined) return "never";
  const seconds = (now - ts) / 1000;
  return seconds < 2 ? "just now" : `${duration(seconds)} ago`;
}

/** The time alone when it was today. */
export function moment(ts) {
  if (ts === undefined) return NONE;
  const date = new Date(ts);
  return date.toDateString() === new Date().toDateString() ? dayTime.format(date) : wholeTime.format(date);
}

export function count(n, one, many = `${one}s`) {
  return `${numbers[0].format(n)} ${n === 1 ? one : many}`;
}
