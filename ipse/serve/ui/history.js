// What the paragraph was before, and how each differs from the one it replaced.

import { ask } from "./api.js";
import { attempt, byId, make } from "./dom.js";
import { change, follow, profile } from "./profile.js";
import { PROVENANCES, when } from "./wording.js";

const AT_ONCE = 10;
const MARKS = { same: "span", added: "ins", gone: "del" };
let entries = [];
let shown = AT_ONCE;
let shownFor = null;

export function startHistory() {
  byId("history").addEventListener("toggle", load);
  byId("history-older").addEventListener("click", () => {
    shown += AT_ONCE;
    render();
  });
  follow(load);
}

async function load() {
  const inForce = profile().paragraph?.id ?? "";
  if (!byId("history").open || shownFor === inForce) return;
  await attempt(async () => {
    ({ history: entries } = await ask("GET", "profile/history"));
    shownFor = inForce;
    render();
  });
}

function render() {
  const items = entries.slice(0, shown).map((entry, number) => item(entry, number === 0));
  byId("history-list").replaceChildren(...(items.length ? items : [make("li", {}, "There is none yet.")]));
  byId("history-list").start = entries.length;
  byId("history-older").hidden = shown >= entries.length;
}

function item(entry, isInForce) {
  const head = make(
    "div",
    { className: "card-head" },
    make("time", { dateTime: entry.made_at }, when(entry.made_at)),
    badge(entry.provenance),
    isInForce ? make("span", { className: "hint" }, "in force") : restoreButton(entry),
  );
  return make("li", {}, head, make("p", {}, ...words(entry)));
}

function badge(provenance) {
  const node = make("span", { className: "badge" }, PROVENANCES[provenance] ?? provenance);
  node.dataset.provenance = provenance;
  return node;
}

function restoreButton({ id, text, made_at }) {
  const button = make("button", { type: "button", disabled: !text }, "Restore");
  button.setAttribute("aria-label", `Restore the paragraph of ${when(made_at)}`);
  button.addEventListener("click", () =>
    attempt(() => change("POST", "profile/restore", { id }), "Restored, word for word, and pinned."),
  );
  return button;
}

/** The spaces stand between the marks, so that an underline ends where its words do. */
function words({ text, diff }) {
  if (!text) return [make("em", {}, "Nothing was told."), " ", ...marked(diff)];
  return marked(diff);
}

const marked = (diff) => diff.flatMap(([kind, piece]) => [make(MARKS[kind], {}, piece.trim()), " "]);
