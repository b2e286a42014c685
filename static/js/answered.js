// The note of a browser that it has answered a survey today (of UTC, as the server tells days): it stays on the device. Where
// two people share a browser, either can answer anyway, and the server decides.

const today = () => new Date().toISOString().slice(0, 10);

export function remember(slug) {
  try {
    localStorage.setItem(`survey ${slug}`, today());
  } catch { /* storage is off */ }
}

function hasAnswered(slug) {
  try {
    return localStorage.getItem(`survey ${slug}`) === today();
  } catch {
    return false;
  }
}

// Says so in place of a form of which a browser sends one answer a day.
export function offer(form) {
  if (form.dataset.access !== "browser" || !hasAnswered(form.dataset.survey)) return;
  const box = document.createElement("div");
  const words = document.createElement("p");
  words.className = "lede";
  words.setAttribute("role", "status");
  words.textContent = "This browser has answered today. Thank you.";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-secondary";
  button.textContent = "Answer anyway";
  button.addEventListener("click", () => {
    box.remove();
    form.hidden = false;
    form.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  });
  box.append(words, button);
  form.hidden = true;
  form.before(box);
}
