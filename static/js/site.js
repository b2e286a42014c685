// What every reader page does beyond plain HTML: the phone's menu, and signing up without leaving the page.

// The menu is a <details>; this closes it on Escape and on a click elsewhere.
const menu = document.querySelector("details.menu");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !menu?.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  if (menu?.open && !menu.contains(event.target)) menu.open = false;
});

// Sign-up without leaving the page. Without this the form posts and answers with a page of its own.
async function post(form, more) {
  const body = new URLSearchParams(new FormData(form));
  for (const [name, value] of Object.entries(more)) body.append(name, value);
  const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  return { ok: response.ok, ...(await response.json()) };
}

// While too many sign up, the server first wants something computed. Who cannot compute it waits longer for the mail.
async function send(form, tell) {
  const answer = await post(form, { can_prove: "on" });
  if (!answer.challenge) return answer;
  tell("One moment, please: your browser is computing something that keeps robots away.");
  try {
    const { solve } = await import("./proof_of_work.js");
    return await post(form, { proof: await solve(answer.challenge, answer.solver) });
  } catch {
    return post(form, {});
  }
}

function answerOf(form) {
  let answer = form.querySelector(".signup__answer");
  if (!answer) {
    answer = document.createElement("p");
    answer.className = "signup__answer";
    answer.setAttribute("role", "status");
    form.querySelector(".signup__fields").after(answer);
  }
  return answer;
}

async function submit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector("button");
  const field = form.querySelector("input[type=email]");
  const answer = answerOf(form);
  button.disabled = true;
  try {
    const { ok, message } = await send(form, (words) => (answer.textContent = words));
    answer.textContent = message;
    field.setAttribute("aria-invalid", String(!ok));
    if (ok) field.value = "";
    else field.focus();
  } catch {
    answer.textContent = "Something went wrong: no answer came back. Please try again in a moment.";
  }
  button.disabled = false;
}

for (const form of document.querySelectorAll("form[data-signup]")) form.addEventListener("submit", submit);
