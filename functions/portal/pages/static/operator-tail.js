// The newest events of a tenant, and those that are recorded while one looks.
import { call, events } from "./bearer.js";
import { announce, button, h, mark, note, when } from "./dom.js";

const FIRST = 20;
const MOST = 200;

export async function tail() {
  const { items } = await call("GET", `/audit/v1/events?limit=${FIRST}`);
  const list = h("ol", { class: "stack entries", "aria-label": "Events" }, items.map(row));
  const none = h("p", { class: "muted" }, "No event is recorded yet.");
  none.hidden = items.length > 0;
  const trouble = h("div", { role: "status" });
  let last = items[0]?.eventId;
  let stop = null;

  const follow = async () => {
    const end = new AbortController();
    stop = end;
    toggle.textContent = "Stop";
    trouble.replaceChildren();
    try {
      for await (const event of events(last, end.signal)) {
        if (!list.isConnected) break;
        last = event.eventId;
        none.hidden = true;
        list.prepend(row(event));
        while (list.childElementCount > MOST) list.lastElementChild.remove();
      }
    } catch (error) {
      if (!end.signal.aborted) trouble.replaceChildren(note("bad", error.message));
    }
    end.abort();
    stop = null;
    toggle.textContent = "Follow";
  };
  const toggle = button("Follow", "small", async () => {
    if (stop) {
      stop.abort();
      announce("The events are no longer followed.");
    } else {
      follow();
      announce("New events appear at the top.");
    }
  });
  return [h("div", { class: "row" }, toggle, h("p", { class: "muted" }, `The newest ${FIRST} events. Following shows more as they are recorded, and keeps ${MOST}.`)), trouble, none, list];
}

const SEVERITIES = { high: "bad", critical: "bad", medium: "warn" };

const row = (event) => h("li", { class: "stack tight" },
  h("div", { class: "row" },
    h("strong", {}, event.eventType),
    event.result === "success" ? mark("good", "success") : mark("warn", event.result),
    mark(SEVERITIES[event.severity] ?? "", event.severity),
    h("span", { class: "muted" }, "No. ", String(event.sequence))),
  h("p", { class: "wrap" }, event.actor.id, " · ", [event.resource.type, event.resource.id].filter(Boolean).join("/"), " · ", when(Date.parse(event.timestamp) / 1000)),
  event.payload && h("details", {}, h("summary", {}, "Payload"), h("pre", { class: "wrap" }, JSON.stringify(event.payload, null, 2))));
