// The banner: a sentence that would make a pinned paragraph fit what was approved since.

import { attempt, byId, say } from "./dom.js";
import { closeBoth, edit } from "./editor.js";
import { change, follow } from "./profile.js";
import { bandOf, counted, hundredths, titleOf } from "./wording.js";

let proposed = null;
let wasShown = false;

export function startProposal() {
  follow(render);
  byId("proposal-accept").addEventListener("click", accept);
  byId("proposal-edit").addEventListener("click", editSentence);
  byId("proposal-dismiss").addEventListener("click", dismiss);
}

function render({ amendments, thumbs, nudges, replies }) {
  const hadFocus = byId("proposal").contains(document.activeElement);
  const isNews = wasShown && amendments.length > 0 && amendments[0].id !== proposed?.id;
  wasShown = true;
  proposed = amendments[0] ?? null;
  byId("lede").hidden = proposed !== null;
  byId("proposal").hidden = proposed === null;
  byId("counts").textContent = [
    counted(thumbs, "thumb"),
    counted(nudges, "nudge"),
    counted(replies, "reply", "replies"),
  ].join(" · ");
  if (proposed === null) {
    if (hadFocus) byId("paragraph-card").focus();
    return;
  }
  byId("proposal-more").textContent = amendments.length > 1 ? `(1 of ${amendments.length})` : "";
  byId("proposal-sentence").textContent = proposed.sentence;
  byId("proposal-why").textContent = reason(proposed);
  if (isNews) say(`A sentence is proposed: ${proposed.sentence}`);
}

function reason({ dimension, expected, approved, refs }) {
  const replies = counted(refs.length, "reply", "replies");
  return (
    `${titleOf(dimension)}: your paragraph stands for ${hundredths(expected)} (${bandOf(dimension, expected)}), ` +
    `but ${replies} you approved came to ${hundredths(approved)} (${bandOf(dimension, approved)}).`
  );
}

const answer = ({ id }, body) => change("POST", `profile/amendments/${encodeURIComponent(id)}`, body);
const accept = () => attempt(() => answer(proposed, { action: "accept" }), "Added to your paragraph.");
const dismiss = () =>
  attempt(() => answer(proposed, { action: "dismiss" }), "Dismissed, unless what you approve moves on.");

function editSentence() {
  const edited = proposed; // another may be proposed by the time this one is saved
  edit({
    title: "The sentence, in your words",
    hint: "It is added to the end of your paragraph.",
    text: edited.sentence,
    onSave: async (sentence) => {
      await answer(edited, { action: "accept", sentence });
      closeBoth();
      say("Added to your paragraph.");
    },
  });
}
