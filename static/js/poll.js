// A poll that is answered where it stands. Without this its form opens a page that says the same.

import { offer, remember } from "./answered.js";
import { sendOnce } from "./once.js";

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.status === 400) showErrors(form, page);
    else {
      if (page.querySelector("script[data-answered]")) remember(form.dataset.survey);
      form.parentElement.querySelector(".poll__so-far")?.remove();
      form.replaceWith(said(page));
    }
  } catch { // what the page says, it can say by itself
    form.submit();
  } finally {
    button.disabled = false;
  }
}

// What the answer's page says: its heading, its words, and what came of the poll where readers see that.
function said(page) {
  const box = document.createElement("div");
  box.className = "poll__said";
  box.tabIndex = -1;
  box.setAttribute("role", "status");
  const found = page.querySelector(".plain");
  for (const part of found?.querySelectorAll(":scope > h1, :scope > .lede, :scope > .prose, :scope > .survey-result") ?? []) {
    const shown = document.importNode(part, true);
    if (shown.matches("h1")) {
      const words = document.createElement("p");
      words.className = "poll__title";
      words.append(...shown.childNodes);
      box.append(words);
    } else box.append(shown);
  }
  requestAnimationFrame(() => box.focus());
  return box;
}

function showErrors(form, page) {
  form.querySelector(".alert")?.remove();
  const errors = page.querySelector("#page-errors");
  if (!errors) return form.submit();
  const words = document.importNode(errors, true);
  words.removeAttribute("id");
  for (const link of words.querySelectorAll("a")) link.replaceWith(...link.childNodes);
  form.prepend(words);
}

for (const form of document.querySelectorAll("form[data-poll]")) {
  sendOnce(form);
  form.addEventListener("submit", send);
  offer(form);
}
