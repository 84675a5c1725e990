// Seven questions to begin with, one at a time; each can be passed over, and so can all of them.

import { ask } from "./api.js";
import { attempt, byId, make, openDialog, say } from "./dom.js";
import { change, profile } from "./profile.js";
import { categoryOf } from "./wording.js";

let questions = [];
let answers = {};
let step = 0;

export function startQuiz() {
  byId("open-quiz").addEventListener("click", () => attempt(openQuiz));
  byId("quiz-form").addEventListener("submit", next);
  byId("quiz-back").addEventListener("click", () => goTo(step - 1));
  byId("quiz-skip").addEventListener("click", () => byId("quiz").close());
}

export async function offerQuiz() {
  if (!profile().paragraph?.text && profile().provenance === "empty") await attempt(openQuiz);
}

async function openQuiz() {
  ({ questions } = await ask("GET", "quiz"));
  answers = {};
  byId("quiz-progress").max = questions.length;
  openDialog(byId("quiz"));
  goTo(0);
}

function goTo(number) {
  step = number;
  const question = questions[step];
  byId("quiz-step").textContent = `Question ${step + 1} of ${questions.length}`;
  byId("quiz-progress").value = step + 1;
  byId("quiz-question").replaceChildren(...fields(question));
  byId("quiz-back").disabled = step === 0;
  byId("quiz-next").textContent = step === questions.length - 1 ? "Finish" : "Next";
  const first = byId("quiz-question").querySelector("input:checked") ?? byId("quiz-question").querySelector("input");
  first.focus();
}

function fields({ dimension, question, choices, free }) {
  const isChosen = ({ value }) => answers[dimension] === value;
  const options = choices.map((each, number) => choice(dimension, each.label, number, isChosen(each)));
  const typed = free ? [typedField(dimension, choices)] : [];
  return [make("legend", {}, question), make("div", { className: "choices" }, ...options), ...typed];
}

function choice(dimension, label, number, checked) {
  const input = make("input", { type: "radio", name: dimension, value: number, checked });
  input.addEventListener("change", () => {
    const typed = byId("quiz-typed");
    if (typed) typed.value = "";
  });
  return make("label", { className: "choice" }, input, make("span", {}, label));
}

function typedField(dimension, choices) {
  const known = answers[dimension];
  const own = typeof known === "string" && !choices.some(({ value }) => value === known) ? known : "";
  const input = make("input", { id: "quiz-typed", maxLength: 40, autocomplete: "off", value: own });
  input.addEventListener("input", () => {
    for (const radio of byId("quiz-question").querySelectorAll("input:checked")) radio.checked = false;
  });
  return make("label", { className: "typed" }, "Or in your own words", input);
}

function keepAnswer() {
  const { dimension, choices } = questions[step];
  const typed = byId("quiz-typed")?.value.trim();
  const chosen = byId("quiz-question").querySelector("input:checked");
  delete answers[dimension];
  if (typed) answers[dimension] = categoryOf(dimension, typed);
  else if (chosen) answers[dimension] = choices[Number(chosen.value)].value;
}

async function next(event) {
  event.preventDefault();
  keepAnswer();
  if (step < questions.length - 1) return goTo(step + 1);
  if (!Object.keys(answers).length) return byId("quiz").close();
  if (await attempt(() => change("POST", "quiz", { answers }))) {
    byId("quiz").close();
    say("Thank you. This is where your paragraph begins.");
    byId("paragraph-card").focus();
  }
}
