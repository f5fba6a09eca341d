// Requests to this server. The key, if one is needed, lives in this tab's sessionStorage and nowhere else.

const place = "telltale-key";
let asking = null;
let askForKey = () => Promise.reject(new Error("a key is needed"));

/** `ask(why)` shows the form and resolves with a key. */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

export class ApiError extends Error {
  constructor(status, problem) {
    const faults = (problem.errors ?? []).map((e) => `${e.parameter ?? e.pointer ?? ""} ${e.detail}`.trim());
    super([problem.detail || problem.title || `HTTP ${status}`, ...faults].join(". "));
    this.status = status;
  }
}

/** A response that is good. Throws ApiError, or TypeError when the server cannot be reached. */
export async function request(path, {method = "GET", body, signal, headers = {}} = {}) {
  for (;;) {
    const key = sessionStorage.getItem(place);
    const response = await fetch(path, {
      method, signal, cache: "no-cache",
      headers: {...headers, ...(key ? {Authorization: `Bearer ${key}`} : {}), ...(body ? {"Content-Type": "application/json"} : {})},
      body: body ? JSON.stringify(body) : undefined,
    });
    if (response.status === 401) {
      if (sessionStorage.getItem(place) !== key) continue;  // entered meanwhile
      asking ??= askForKey(key ? "This key is not known, or was revoked." : "").finally(() => { asking = null; });
      sessionStorage.setItem(place, await asking);
      continue;
    }
    if (response.status === 429 && method === "GET") {
      await new Promise((resolve) => { setTimeout(resolve, 1000 * Number(response.headers.get("Retry-After") ?? 1)); });
      continue;
    }
    if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => ({})));
    return response;
  }
}

export async function get(path, parameters = {}, signal) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ""));
  const text = query.toString();
  return (await request(`/api/v1${path}${text ? `?${text}` : ""}`, {signal})).json();
}

export async function send(method, path, body) {
  const response = await request(`/api/v1${path}`, {method, body});
  return response.status === 204 ? null : response.json().catch(() => null);
}

/** Every item of a list, page by page; `each` sees them as they come. */
export async function getAll(path, parameters, each, most = Infinity) {
  let cursor;
  let seen = 0;
  do {
    const page = await get(path, {...parameters, cursor});
    each(page.items);
    seen += page.items.length;
    cursor = page.next;
  } while (cursor && seen < most);
}

/** Server-Sent Events with the key in a header, which EventSource cannot do. Calls each(name, data) until it ends. */
export async function listen(path, signal, opened, each) {
  const response = await request(`/api/v1${path}`, {signal, headers: {Accept: "text/event-stream"}});
  opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    buffer += value;
    const blocks = buffer.split(/\r?\n\r?\n/);
    buffer = blocks.pop();
    for (const block of blocks) {
      let name = "message";
      const data = [];
      for (const line of block.split(/\r?\n/)) {
        if (line.startsWith("event:")) name = line.slice(6).trim();
        else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      }
      if (data.length > 0) each(name, data.join("\n"));
    }
  }
}
