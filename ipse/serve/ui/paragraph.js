// The paragraph in force: its sentences, and the evidence behind each.

import { ask } from "./api.js";
import { attempt, byId, make, onPress } from "./dom.js";
import { openChart } from "./charts.js";
import { change, follow, profile } from "./profile.js";
import { PROVENANCES, counted, sourceName, titleOf, valueName, when } from "./wording.js";

const LAST_SIGNALS = 4;
const SPARE_LINES = 2;
const NOTHING_YET = "Nothing is told about you yet. Answer seven questions, move a slider below, or write it yourself.";
let opened = null;
let sentencesBefore = null;
let widthBefore = 0;
let room = 0;

export function startParagraph() {
  follow(render);
  new ResizeObserver(makeRoom).observe(byId("paragraph-card"));
  byId("pin").addEventListener("click", pin);
  byId("unpin").addEventListener("click", unpin);
  byId("close-evidence").addEventListener("click", closeEvidence);
  byId("paragraph-card").addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeEvidence();
  });
}

const pin = () => attempt(() => change("POST", "profile/pin", { base: profile().paragraph.id }), "Pinned. Nobody but you changes it now.");
const unpin = () => attempt(() => change("POST", "profile/unpin"), "Unpinned. It evolves again.");

function render({ paragraph, provenance }) {
  const sentences = paragraph?.sentences ?? [];
  byId("provenance").textContent = PROVENANCES[provenance] ?? provenance;
  byId("provenance").dataset.provenance = provenance;
  renderSentences(sentences);
  byId("paragraph-made").textContent = sentences.length
    ? `Since ${when(paragraph.made_at)}. Choose a sentence to see why it is there.`
    : "Nothing is made up in the meantime.";
  byId("edit").textContent = sentences.length ? "Edit" : "Write it";
  byId("pin").hidden = provenance === "user_authored";
  byId("pin").disabled = !sentences.length;
  byId("unpin").hidden = provenance !== "user_authored";
}

/** Keeps what hasn't changed in place, so that neither focus nor an opened sentence is lost. */
function renderSentences(sentences) {
  const told = JSON.stringify(sentences);
  if (told === sentencesBefore) return;
  const known = sentencesBefore === null ? null : new Set(JSON.parse(sentencesBefore).map(({ text }) => text));
  const focused = document.activeElement.closest(".sentence")?.textContent;
  sentencesBefore = told;
  if (opened !== null && !sentences.some(({ text }) => text === opened)) closeEvidence();
  byId("paragraph").replaceChildren(...(sentences.length ? spaced(sentences, known) : [NOTHING_YET]));
  byId("paragraph").classList.toggle("nothing", !sentences.length);
  if (focused) (sentenceNode(focused) ?? byId("paragraph-card")).focus();
}

/** Room for the text and a little more, never less than there was: a nudge that adds a line moves nothing below. */
function makeRoom() {
  const node = byId("paragraph");
  if (node.clientWidth !== widthBefore) room = 0;
  widthBefore = node.clientWidth;
  const text = document.createRange();
  text.selectNodeContents(node);
  const needed = text.getBoundingClientRect().height;
  if (needed <= room) return;
  room = needed + SPARE_LINES * parseFloat(getComputedStyle(node).lineHeight);
  node.style.minHeight = `max(var(--room), ${room}px)`;
}

function spaced(sentences, known) {
  return sentences.flatMap((sentence) => [sentenceButton(sentence, known !== null && !known.has(sentence.text)), " "]);
}

function sentenceButton({ text, refs }, isFresh) {
  const button = make("span", { className: isFresh ? "sentence fresh" : "sentence", tabIndex: 0 }, text);
  button.setAttribute("role", "button");
  button.setAttribute("aria-expanded", String(text === opened));
  button.setAttribute("aria-controls", "evidence");
  onPress(button, () => (text === opened ? closeEvidence() : openEvidence(text, refs)));
  return button;
}

const sentenceNode = (text) =>
  [...byId("paragraph").querySelectorAll(".sentence")].find((node) => node.textContent === text);

function markOpened(text) {
  opened = text;
  for (const node of byId("paragraph").querySelectorAll(".sentence")) {
    node.setAttribute("aria-expanded", String(node.textContent === text));
  }
}

function closeEvidence() {
  const from = byId("evidence").contains(document.activeElement) ? sentenceNode(opened) : null;
  markOpened(null);
  byId("evidence").hidden = true;
  from?.focus();
}

async function openEvidence(text, refs) {
  markOpened(text);
  byId("evidence-title").textContent = `Why it says “${text}”`;
  byId("evidence-body").replaceChildren(make("p", { className: "hint" }, "Looking it up …"));
  byId("evidence").hidden = false;
  byId("evidence").scrollIntoView({ block: "nearest" });
  await attempt(async () => {
    const parts = await Promise.all(refs.map(evidenceOf));
    if (opened !== text) return;
    byId("evidence-body").replaceChildren(...parts);
  });
}

async function evidenceOf(ref) {
  if (ref === "user") return ownWords();
  if (ref === "about_me") return aboutMe();
  return signalsOf(await ask("GET", `dimensions/${encodeURIComponent(ref)}`));
}

function ownWords() {
  const since = when(profile().paragraph.made_at);
  return make("p", {}, `You wrote or pinned this yourself on ${since}. It stays as it is until you change it.`);
}

function aboutMe() {
  return make("div", {}, make("p", {}, "From what you say About me:"), make("blockquote", {}, profile().about_me));
}

function signalsOf({ dimension, points }) {
  const last = points.slice(-LAST_SIGNALS).reverse();
  const summary = make("p", {}, make("strong", {}, titleOf(dimension)), ` stands at ${standing(dimension, points)}.`);
  const chart = make("button", { type: "button", className: "quiet" }, "See the chart");
  chart.addEventListener("click", () => openChart(dimension));
  const lines = last.map((point) => signalLine(dimension, point));
  const head = make("div", { className: "standing" }, summary, chart);
  return make("div", {}, head, make("ul", { className: "signals" }, ...lines));
}

function standing(dimension, points) {
  if (!points.length) return "nothing yet";
  return `${valueName(dimension, points.at(-1).fused)}, from ${counted(points.length, "signal")}`;
}

function signalLine(dimension, { at, value, source }) {
  return make(
    "li",
    {},
    make("time", { dateTime: at }, when(at)),
    make("b", {}, valueName(dimension, value)),
    make("span", {}, sourceName(source)),
  );
}
