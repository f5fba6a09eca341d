// What all pages share: the devices, the alerts that are not over, and the stream that keeps both current.
import {ApiError, getAll, listen} from "/assets/client.js";

const longestWait = 30_000;
const pollEvery = 5_000;
const listEvery = 30_000;

export const devices = new Map();  // "site/device" -> as /devices lists it
export const alerts = new Map();   // id -> newest transition
export const states = ["offline", "stale", "sleeping", "online", "unknown"];
export const severities = ["critical", "warning", "info"];
export const events = new EventTarget();  // devices, alerts, link, loaded
export const link = {state: "connecting", detail: ""};
export const loaded = {devices: false, alerts: false};

export const deviceKey = (site, device) => `${site}/${device}`;
/** What people call it, else what it calls itself. */
export const title = (device) => device.name ?? device.device;
const said = (name, detail) => events.dispatchEvent(new CustomEvent(name, {detail}));

function setLink(state, detail = "") {
  link.state = state;
  link.detail = detail;
  said("link");
}

export function alertsOf(site, device) {
  return [...alerts.values()].filter((a) => a.site === site && a.device === device);
}

export const rank = (alert) => severities.indexOf(alert.severity);

/** The list is the truth about which devices there are; the stream about what they are now. */
export async function loadDevices() {
  const seen = new Set();
  await getAll("/devices", {limit: 1000}, (items) => {
    for (const item of items) {
      const key = deviceKey(item.site, item.device);
      seen.add(key);
      devices.set(key, item);
    }
    said("devices");
  });
  for (const key of devices.keys()) if (!seen.has(key)) devices.delete(key);
  loaded.devices = true;
  said("devices");
}

export async function loadAlerts() {
  const now = new Map();
  await getAll("/alerts", {state: "active", limit: 1000}, (items) => {
    for (const alert of items) now.set(alert.id, alert);
  });
  alerts.clear();
  for (const [id, alert] of now) alerts.set(id, alert);
  loaded.alerts = true;
  said("alerts");
}

function takeAlert(alert) {
  const known = alerts.get(alert.id);
  if (known && known.n > alert.n) return;
  if (["resolved", "removed"].includes(alert.state)) alerts.delete(alert.id);
  else alerts.set(alert.id, alert);
  said("alerts", alert);
}

function takePresence(presence) {
  const key = deviceKey(presence.site, presence.device);
  if (presence.state === "removed") {
    devices.delete(key);
  } else {
    const known = devices.get(key) ?? {site: presence.site, device: presence.device, tags: {}, series: 0};
    devices.set(key, {...known, state: presence.state, since_ts: presence.ts, heartbeat_s: presence.heartbeat_s,
      last_seen_ts: presence.last_seen_ts ?? known.last_seen_ts});
  }
  said("devices");
}

function take(name, text) {
  if (name === "alert") takeAlert(JSON.parse(text));
  else if (name === "presence") takePresence(JSON.parse(text));
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function loadBoth() {
  await Promise.all([loadDevices(), loadAlerts().catch((error) => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  })]);
}

const inSight = async () => {
  while (document.hidden) await new Promise((resolve) => { document.addEventListener("visibilitychange", resolve, {once: true}); });
};

/** A browser has six connections to a server for all of its tabs: one that nobody looks at gives its stream back. */
export async function listenInSight(path, ending, opened, each) {
  await inSight();
  const over = new AbortController();
  const check = () => { if (document.hidden || ending?.aborted) over.abort(); };
  document.addEventListener("visibilitychange", check);
  ending?.addEventListener("abort", check);
  try {
    await listen(path, over.signal, opened, each);
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    document.removeEventListener("visibilitychange", check);
    ending?.removeEventListener("abort", check);
  }
}

async function follow() {
  for (let wait = 500; ; wait = Math.min(2 * wait, longestWait)) {
    try {
      await inSight();
      await loadBoth();
      await listenInSight("/stream?topics=alerts,presence", undefined, () => {
        wait = 500;
        setLink("live");
        loadBoth().catch(() => {});  // what changed between the first answer and the stream's beginning
      }, take);
      setLink("connecting", "the stream ended");
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 405)) {
        setLink("polling", "this service has no stream");
        wait = pollEvery;
      } else {
        setLink("down", error instanceof TypeError ? "the service cannot be reached" : error.message);
      }
    }
    await pause(wait);
  }
}

export function start() {
  follow();
  setInterval(() => { if (!document.hidden) loadDevices().catch(() => {}); }, listEvery);
}

/** Calls again every `ms` while somebody looks, never twice at a time. Returns how to end it. */
export function repeat(ms, work) {
  let busy = false;
  const turn = async () => {
    if (busy || document.hidden) return;
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(turn, ms);
  turn();
  return () => clearInterval(timer);
}

