// Writing in one's own words: the edit dialog, and what happens when the paragraph changed meanwhile.

import { ApiError } from "./api.js";
import { attempt, byId, openDialog, say } from "./dom.js";
import { change, profile, show, textInForce } from "./profile.js";

const PINNED = "Saved and pinned. Nobody but you changes it now.";
let save = null;
let mine = null;

export function startEditor() {
  byId("edit").addEventListener("click", editParagraph);
  byId("editor").querySelector("[data-close]").addEventListener("click", () => byId("editor").close());
  byId("editor").querySelector("form").addEventListener("submit", submit);
  byId("editor-text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("editor-save").click();
  });
  byId("save-mine").addEventListener("click", saveMine);
  byId("keep-theirs").addEventListener("click", keepTheirs);
}

/** Opens the dialog on `text`; `onSave` gets what was written, and the dialog stays open until it succeeds. */
export function edit({ title, hint, text, onSave }) {
  save = onSave;
  byId("editor-title").textContent = title;
  byId("editor-hint").textContent = hint;
  byId("editor-text").value = text;
  openDialog(byId("editor"));
  byId("editor-text").focus();
}

function editParagraph() {
  const base = profile().paragraph?.id ?? "";
  edit({
    title: "Your paragraph, in your words",
    hint: "Saved text is pinned: it is told exactly as you wrote it, until you unpin it.",
    text: textInForce(profile()),
    onSave: (text) => saveParagraph(text, base),
  });
}

async function submit(event) {
  event.preventDefault();
  const button = byId("editor-save");
  if (button.disabled) return;
  button.disabled = true;
  say("Saving …");
  await attempt(() => save(byId("editor-text").value));
  button.disabled = false;
}

async function saveParagraph(text, base) {
  try {
    await change("PUT", "profile/paragraph", { text, base });
  } catch (fault) {
    if (!(fault instanceof ApiError) || fault.status !== 409) throw fault;
    meet(text, fault.answer.profile);
    return;
  }
  closeBoth();
  say(PINNED);
}

/** A save whose answer was lost on the way may well have been written: then there is nothing to choose. */
function meet(text, latest) {
  show(latest);
  if (latest.provenance === "user_authored" && sameWords(text, textInForce(latest))) {
    closeBoth();
    say(PINNED);
    return;
  }
  mine = { text, base: latest.paragraph?.id ?? "" };
  byId("theirs").textContent = textInForce(latest) || "Nothing at all.";
  byId("mine").textContent = text;
  if (!byId("conflict").open) openDialog(byId("conflict"));
}

const sameWords = (one, other) => one.split(/\s+/).join(" ").trim() === other.split(/\s+/).join(" ").trim();

async function saveMine() {
  await attempt(() => saveParagraph(mine.text, mine.base));
}

function keepTheirs() {
  closeBoth();
  say("Kept the one in force.");
}

export function closeBoth() {
  byId("conflict").close();
  byId("editor").close();
}
