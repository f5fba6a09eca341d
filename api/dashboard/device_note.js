// What people call a device and know about it, as against what it says itself.
import {send} from "/assets/client.js";
import {el, field} from "/assets/dom.js";
import {loadDevices} from "/assets/live.js";
import {ask, toast} from "/assets/shell.js";

/** `device` as REST gives it. True when something was saved. */
export async function describe(device) {
  /** Only what was changed here: somebody else may have changed the rest. null takes it away. */
  const clean = (text) => (text ?? "").replace(/\r\n?/g, "\n").trim() || null;
  const changed = (data) => Object.fromEntries(["name", "note"].map((name) => [name, clean(data.get(name))])
    .filter(([name, value]) => value !== clean(device[name])));
  const note = el("textarea", {name: "note", maxlength: 1024, rows: 4}, device.note ?? "");
  const done = await ask({title: "Name and note", action: "Save", content: el("div", {},
    el("p", {class: "hint"}, `The name is shown instead of ${device.device}; topics and rules keep the id.`),
    field("Name", "name", {value: device.name ?? "", maxlength: 64, autofocus: true}), el("label", {}, "Note", note)),
  submit: (data) => send("PATCH", `/devices/${device.site}/${device.device}`, changed(data))});
  if (!done) return false;
  toast("Saved");
  loadDevices().catch(() => {});
  return true;
}
