// The seven controls, and a sample answer that follows them.

import { ask } from "./api.js";
import { attempt, byId, make, say } from "./dom.js";
import { approve, follow, nudge, preferenceOf } from "./profile.js";
import { LANGUAGE_CODES, SLIDERS, bandOf, categoryName, counted } from "./wording.js";
import { hundredths, ranked, titleOf, valueName } from "./wording.js";

const STEP = 0.05;
const SETTLED_AFTER = 400;
const PREVIEW_AFTER = 120;
const MOST_CHIPS = 4;

const sliders = Object.keys(SLIDERS).map(buildSlider);
let previewTimer = 0;
let previewing = new AbortController();
let asked = null;
let previewed = null;

export function startTuning() {
  byId("sliders").append(...sliders.map(({ row }) => row));
  for (const slider of sliders) listenTo(slider);
  for (const dimension of ["domain", "language"]) startCategory(dimension);
  addEventListener("pagehide", () => sliders.forEach((slider) => settle(slider, { keepalive: true })));
  byId("preview-up").addEventListener("click", likePreview);
  byId("preview-down").addEventListener("click", resetSliders);
  follow(render);
}

function buildSlider(dimension) {
  const { title, low, high } = SLIDERS[dimension];
  const input = make("input", { type: "range", min: 0, max: 1, step: STEP, id: `slider-${dimension}` });
  const output = make("output", { htmlFor: input.id });
  const known = make("span", { className: "known", hidden: true });
  const row = make(
    "div",
    { className: "slider" },
    make("label", { htmlFor: input.id }, title),
    output,
    make("div", { className: "track" }, input, known),
    make("span", { className: "end" }, low),
    make("span", { className: "end high" }, high),
  );
  known.setAttribute("aria-hidden", "true");
  return { dimension, input, output, known, row, isMoved: false, timer: 0 };
}

/** The keyboard changes a value step by step: it counts as one nudge once it rests, or on leaving. */
function listenTo(slider) {
  slider.input.addEventListener("input", () => {
    slider.isMoved = true;
    tell(slider);
    previewSoon();
  });
  slider.input.addEventListener("change", () => {
    clearTimeout(slider.timer);
    slider.timer = setTimeout(() => settle(slider), SETTLED_AFTER);
  });
  slider.input.addEventListener("blur", () => settle(slider));
}

function settle(slider, options = {}) {
  if (!slider.timer) return;
  clearTimeout(slider.timer);
  slider.timer = 0;
  const { dimension, input } = slider;
  attempt(async () => {
    await nudge(dimension, input.valueAsNumber, options);
    const standing = hundredths(preferenceOf(dimension).fused);
    say(`${titleOf(dimension)} nudged towards ${bandOf(dimension, input.valueAsNumber)}; it stands at ${standing}.`);
  });
}

function render({ provenance, preferences }) {
  byId("tuning-hint").textContent =
    provenance === "user_authored"
      ? "Your words are pinned: what you set here is remembered, and told once you unpin them."
      : "Each move counts as one more thing known. The mark below a slider is where all of it stands.";
  for (const slider of sliders) place(slider);
  for (const dimension of ["domain", "language"]) renderChips(dimension);
  offerLanguages(Object.keys(preferences.find(({ dimension }) => dimension === "language")?.fused ?? {}));
  previewSoon();
}

function place(slider) {
  const preference = preferenceOf(slider.dimension);
  slider.known.hidden = !preference;
  slider.row.title = preference ? standingOf(preference) : "Nothing known yet";
  if (preference) slider.known.style.setProperty("--known", preference.fused);
  if (!slider.isMoved) slider.input.value = preference?.fused ?? 0.5;
  tell(slider);
}

const standingOf = ({ fused, count }) => `Stands at ${hundredths(fused)}, from ${counted(count, "signal")}`;

function tell({ dimension, input, output, isMoved }) {
  const value = input.valueAsNumber;
  const isKnown = isMoved || preferenceOf(dimension);
  const told = isKnown ? `${bandOf(dimension, value)} · ${hundredths(value)}` : "not known yet";
  output.textContent = told;
  input.setAttribute("aria-valuetext", told);
}

function startCategory(dimension) {
  byId(`${dimension}-form`).addEventListener("submit", (event) => {
    event.preventDefault();
    const field = byId(dimension);
    const value = field.value.trim();
    if (!value) return;
    attempt(async () => {
      await nudge(dimension, value);
      if (field.matches("input")) field.value = "";
    }, `${titleOf(dimension)}: ${categoryName(dimension, value)} is noted.`);
  });
}

function renderChips(dimension) {
  const shares = ranked(preferenceOf(dimension)?.fused ?? {}).slice(0, MOST_CHIPS);
  const chips = shares.map(([name, share]) => make("li", {}, valueName(dimension, { [name]: share })));
  const none = make("li", { className: "none" }, "none yet");
  byId(`${dimension}-chips`).replaceChildren(...(chips.length ? chips : [none]));
}

function offerLanguages(known) {
  const field = byId("language");
  const offered = new Set([...field.options].map(({ value }) => value));
  const missing = [...LANGUAGE_CODES, ...known].filter((code) => !offered.has(code));
  field.append(...missing.map((code) => new Option(categoryName("language", code), code)));
}

function previewSoon() {
  clearTimeout(previewTimer);
  previewTimer = setTimeout(preview, PREVIEW_AFTER);
}

/** Only what is known or was moved: a slider that was never touched says nothing. */
function previewedValues() {
  const said = sliders.filter(({ dimension, isMoved }) => isMoved || preferenceOf(dimension));
  return Object.fromEntries(said.map(({ dimension, input }) => [dimension, input.valueAsNumber]));
}

async function preview() {
  const values = previewedValues();
  if (JSON.stringify(values) === JSON.stringify(asked)) return;
  asked = values;
  previewing.abort();
  previewing = new AbortController();
  const { signal } = previewing;
  await attempt(async () => {
    try {
      const { text } = await ask("POST", "preview", { values }, { signal });
      byId("sample").textContent = text;
      previewed = values;
      byId("preview-up").disabled = !Object.keys(values).length;
    } catch (fault) {
      if (fault.name === "AbortError") return;
      asked = null;
      throw fault;
    }
  });
}

function likePreview() {
  attempt(() => approve(previewed), "Noted: answers like this one suit you.");
}

function resetSliders() {
  for (const slider of sliders) {
    clearTimeout(slider.timer);
    slider.timer = 0;
    slider.isMoved = false;
    place(slider);
  }
  previewSoon();
  say("The sliders are back where your profile stands. Nothing was noted.");
}
