// The document: finding, making and filling its parts. Text only ever becomes text nodes: data is never read as HTML.

import { ApiError } from "./api.js";

const SAID_FOR = 6000;
let fading = 0;

export const byId = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** Says it in the open dialog, because what is behind one is out of reach, or at the foot of the page. Errors stay. */
export function say(message, isError = false) {
  const line = [...document.querySelectorAll("dialog[open] .dialog-status")].at(-1) ?? byId("status");
  line.textContent = message;
  line.classList.toggle("error", isError);
  clearTimeout(fading);
  if (!isError) fading = setTimeout(() => (line.textContent = ""), SAID_FOR);
}

/** Does something that the server may refuse, and says how it went; whether it went well. */
export async function attempt(action, done = "") {
  try {
    await action();
  } catch (fault) {
    if (!(fault instanceof ApiError)) throw fault;
    say(fault.message, true);
    return false;
  }
  if (done) say(done);
  return true;
}

/** A press of any kind on something that isn't a button by birth, because buttons don't wrap like text. */
export function onPress(node, action) {
  node.addEventListener("click", action);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    action();
  });
}

export function openDialog(dialog) {
  dialog.querySelector(".dialog-status").textContent = "";
  byId("status").textContent = "";
  dialog.showModal();
}
