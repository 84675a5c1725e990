// The page's story: read who it is about, show their profile, and keep it fresh.

import { ask, askAbout } from "./api.js";
import { startAbout } from "./about.js";
import { startCharts } from "./charts.js";
import { attempt, byId } from "./dom.js";
import { startEditor } from "./editor.js";
import { startHistory } from "./history.js";
import { startParagraph } from "./paragraph.js";
import { refresh } from "./profile.js";
import { startProposal } from "./proposal.js";
import { offerQuiz, startQuiz } from "./quiz.js";
import { startTuning } from "./tuning.js";

startParagraph();
startEditor();
startProposal();
startTuning();
startAbout();
startCharts();
startHistory();
startQuiz();
byId("retry").addEventListener("click", open);
byId("person").addEventListener("change", ({ target }) => {
  location.search = new URLSearchParams({ person: target.value });
});
addEventListener("focus", refreshIfShown);
document.addEventListener("visibilitychange", refreshIfShown);
open();

async function open() {
  try {
    await offerPeople();
    await refresh();
  } catch (fault) {
    byId("unreachable-why").textContent = fault.message;
    byId("unreachable").hidden = false;
    return;
  }
  byId("unreachable").hidden = true;
  byId("page").hidden = false;
  await offerQuiz();
}

async function offerPeople() {
  const { people, person: usual } = await ask("GET", "people");
  const person = askAbout(usual ?? people[0]);
  document.title = `${person} – ipse`;
  byId("person").replaceChildren(...people.map((name) => new Option(name, name, false, name === person)));
  byId("person-name").textContent = person;
  byId("person-name").hidden = people.length > 1;
  byId("person-picker").hidden = people.length < 2;
}

/** Another window, or an agent, may have changed it. */
function refreshIfShown() {
  if (document.visibilityState === "visible" && !byId("page").hidden) attempt(refresh);
}
