// A survey's page, sooner than the server could answer: questions that others leave out are hidden, a text of one's own chooses
// "other", and a browser remembers that it has answered. The server decides all of it by itself.

import { offer, remember } from "./answered.js";
import { sendOnce } from "./once.js";

const script = document.querySelector("script[data-answered]");
const form = document.querySelector("form[data-survey]");

// What stands in the fields of a question, as strings: those of one row where there is a row; else its values, and the names of
// its parts that are filled in: things with a place, rows with an answer, "other" with a text.
function values(question, row) {
  const name = `q-${question}`;
  const filled = [...new FormData(form)].filter(([, value]) => String(value).trim());
  if (row) return filled.filter(([field]) => field === `${name}.${row}`).map(([, value]) => value);
  const own = filled.filter(([field]) => field === name).map(([, value]) => value);
  const parts = filled.filter(([field]) => field.startsWith(`${name}.`)).map(([field]) => field.slice(name.length + 1));
  return [...own, ...parts];
}

// As the server reads it: spaces between digits, a comma, a true minus.
const number = (text) => Number(text.replace(/\s/g, "").replace("−", "-").replace(",", "."));

const tests = {
  is: (found, value) => found[0] === value,
  is_not: (found, value) => found[0] !== value,
  has: (found, value) => found.includes(value),
  has_not: (found, value) => !found.includes(value),
  lt: (found, value) => found[0] < value,
  le: (found, value) => found[0] <= value,
  gt: (found, value) => found[0] > value,
  ge: (found, value) => found[0] >= value,
};

function compare(condition, found) {
  const operator = Object.keys(tests).find((name) => name in condition);
  const value = condition[operator];
  if (!found.length) return operator === "is_not" || operator === "has_not";
  if (typeof value === "number") return tests[operator](found.map(number), value);
  if (typeof value === "boolean") return tests[operator](found, value ? "yes" : "no");
  return tests[operator](found, value);
}

// A condition as a definition holds it; what earlier pages decided is {"met": …}.
function isMet(condition) {
  if ("met" in condition) return condition.met;
  if ("all" in condition) return condition.all.every(isMet);
  if ("any" in condition) return condition.any.some(isMet);
  const found = values(condition.question, condition.row);
  return "answered" in condition ? (found.length > 0) === condition.answered : compare(condition, found);
}

function showAndHide() {
  for (const question of form.querySelectorAll("[data-if]")) {
    // what the server asks for again stays, whatever is found here
    const shown = isMet(JSON.parse(question.dataset.if)) || question.querySelector(".invalid-feedback") !== null;
    question.hidden = !shown;
    for (const field of question.querySelectorAll("input, select, textarea")) field.disabled = !shown;
    for (const words of question.querySelectorAll("[data-depends]")) words.hidden = true;
  }
}

function chooseOther(text) {
  const other = text.closest(".question").querySelector('input[value="other"]');
  text.addEventListener("input", () => { if (other) other.checked = Boolean(text.value.trim()); });
}

if (script) remember(script.dataset.answered);
if (form) {
  sendOnce(form);
  for (const text of form.querySelectorAll("[data-own]")) chooseOther(text);
  form.addEventListener("input", showAndHide);
  form.addEventListener("change", showAndHide);
  showAndHide();
  offer(form);
}
