// Holds the profile that the page shows, and tells its parts when it has changed.

import { ask } from "./api.js";

const followers = [];
let shown = null;
let writes = 0;
let queue = Promise.resolve();

export const profile = () => shown;

export function follow(follower) {
  followers.push(follower);
}

export function show(latest) {
  shown = latest;
  for (const follower of followers) follower(latest);
}

/** Reads it again, unless something is being written: then the answer to that is newer. */
export async function refresh() {
  const before = writes;
  const latest = await ask("GET", "profile");
  if (writes === before) show(latest);
}

/** Writes one after the other, so that the last answer is the last state. */
export function change(method, path, body = {}, options = {}) {
  writes += 1;
  const written = queue.then(async () => {
    const latest = await ask(method, path, body, options);
    show(latest);
    return latest;
  });
  queue = written.catch(() => {});
  return written;
}

export const nudge = (dimension, value, options) =>
  change("POST", "signals", { dimension, value, source: "nudge" }, options);

/** All of a sample at once: it counts as a whole or not at all. */
export function approve(values) {
  const signals = Object.entries(values).map(([dimension, value]) => ({ dimension, value, source: "preview" }));
  return change("POST", "signals", signals);
}

export function preferenceOf(dimension) {
  return shown.preferences.find((preference) => preference.dimension === dimension);
}

export const textInForce = (latest) => latest.paragraph?.text ?? "";
