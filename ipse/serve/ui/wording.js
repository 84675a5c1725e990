// What the page calls things.

const slider = (title, low, high, ...bands) => ({ title, low, high, bands });

/** Title, both ends, and five bands from low to high. */
export const SLIDERS = {
  tone: slider("Tone", "dry", "warm", "dry", "matter-of-fact", "friendly", "warm", "very warm"),
  length: slider("Length", "short", "long", "very short", "short", "in between", "detailed", "long"),
  density: slider("Density", "airy", "packed", "airy", "some air", "even", "dense", "packed"),
  math_comfort: slider("Math", "none", "formulas", "none", "a few numbers", "explained", "at home", "formulas"),
  level: slider("Level", "beginner", "expert", "beginner", "learner", "everyday", "advanced", "expert"),
};

const CATEGORIES = { domain: "Domain", language: "Language" };

export const DIMENSIONS = [...Object.keys(SLIDERS), ...Object.keys(CATEGORIES)];

export const titleOf = (dimension) => SLIDERS[dimension]?.title ?? CATEGORIES[dimension] ?? dimension;

export const PROVENANCES = {
  user_authored: "Yours, pinned",
  evolved: "Evolved",
  onboarding: "From the quiz",
  empty: "Nothing yet",
};

const SOURCES = {
  thumb: "a thumb on a reply",
  nudge: "you moved the control",
  about_me: "from About me",
  skip: "a reply you skipped",
  preview: "a sample you liked",
  style: "how you write",
  onboarding: "the seven questions",
  refinement: "replies you approved",
};

export const sourceName = (source) => SOURCES[source] ?? source;

export const LANGUAGE_CODES =
  "en de fr es pt it nl da sv nb fi pl cs tr ru uk ar he hi ja ko zh vi id sw el hu ro fa bn".split(" ");

const languageNames = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

export const categoryName = (dimension, category) =>
  dimension === "language" && LANGUAGE_CODES.includes(category) ? languageNames.of(category) : category;

/** What somebody typed: a language by its name is the language's code, so that both count as one. */
export function categoryOf(dimension, typed) {
  const named = (code) => languageNames.of(code).toLowerCase() === typed.toLowerCase();
  return (dimension === "language" && LANGUAGE_CODES.find(named)) || typed;
}

export const bandOf = (dimension, value) => {
  const { bands } = SLIDERS[dimension];
  return bands[Math.min(bands.length - 1, Math.floor(value * bands.length))];
};

export const hundredths = (value) => String(Math.round(value * 100));

/** Categories and their shares, the largest first, without those that have faded. */
export function ranked(shares) {
  return Object.entries(shares)
    .filter(([, share]) => share >= 0.005)
    .sort(([, one], [, other]) => other - one);
}

/** A number or shares, for people. */
export function valueName(dimension, value) {
  if (typeof value === "string") return categoryName(dimension, value);
  if (typeof value === "number") return hundredths(value);
  return ranked(value)
    .slice(0, 4)
    .map(([category, share]) => `${categoryName(dimension, category)} ${hundredths(share)} %`)
    .join(", ");
}

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const calendar = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const watch = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

export const when = (at) => clock.format(new Date(at));
export const day = (at) => calendar.format(new Date(at));
export const timeOfDay = (at) => watch.format(new Date(at));
export const counted = (number, noun, nouns = `${noun}s`) => `${number} ${number === 1 ? noun : nouns}`;
