// Silences and maintenance windows: what keeps quiet, until when, and whose word it was.
import {get, send} from "/assets/client.js";
import {newSilence} from "/assets/alert_dialogs.js";
import {el, empty, failure, replace} from "/assets/dom.js";
import {moment} from "/assets/format.js";
import {repeat} from "/assets/live.js";
import {toast} from "/assets/shell.js";

const patterns = ["site", "device", "rule", "metric", "severity"];

export function showSilences(box) {
  const body = el("div", {});
  replace(box, el("div", {class: "tools"}, el("button", {class: "primary", id: "new-silence", onclick: async () => { if (await newSilence()) draw(); }}, "New silence")), body);

  async function draw() {
    try {
      const {items} = await get("/silences");
      if (items.length === 0) return replace(body, empty("Nothing is silenced", "Silences keep matching alerts quiet for a while. Maintenance windows come from the configuration file."));
      replace(body, el("div", {class: "card scroll-x"}, el("table", {id: "silences"},
        el("thead", {}, el("tr", {}, ["Name", "Matches", "State", "Until", "By", ""].map((t) => el("th", {scope: "col"}, t)))),
        el("tbody", {}, items.map((item) => el("tr", {}, el("td", {class: "mono"}, item.name),
          el("td", {class: "mono"}, patterns.filter((p) => item[p] && item[p] !== "*").map((p) => `${p}=${item[p]}`).join(" ")),
          el("td", {}, item.state), el("td", {}, moment(item.until_ts)), el("td", {}, item.by ?? "", item.comment ? el("div", {class: "note muted"}, `“${item.comment}”`) : null),
          el("td", {class: "num"}, item.kind === "maintenance" ? el("span", {class: "muted"}, "from the file")
            : el("button", {onclick: () => end(item)}, "End"))))))));
    } catch (error) {
      replace(body, failure(error, draw));
    }
  }

  async function end(item) {
    try {
      await send("DELETE", `/silences/${encodeURIComponent(item.name)}`);
      toast("The silence has ended");
    } catch (error) {
      toast(error.message, "bad");
    }
    draw();
  }
  return repeat(5000, draw);
}
