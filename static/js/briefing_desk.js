// The briefing desk: arrows that move items, and a progress page that keeps itself fresh. Both work without this.
const REFRESH = 2000;

function rowsOf(list) {
  return [...list.querySelectorAll(".inline-related.has_original, .inline-related.last-related:not(.empty-form)")];
}

function orderOf(row) {
  return row.querySelector("input[name$='-ordering']");
}

function number(list) {
  rowsOf(list).forEach((row, index) => { orderOf(row).value = 10 * (index + 1); });
}

function move(row, list, step) {
  const rows = rowsOf(list);
  const other = rows[rows.indexOf(row) + step];
  if (!other) return;
  if (step < 0) other.before(row); else other.after(row);
  number(list);
}

function addArrows(row, list) {
  const place = row.querySelector("h3");
  if (!place || !orderOf(row) || place.querySelector(".move")) return;
  for (const [step, sign, label] of [[-1, "↑", "Move up"], [1, "↓", "Move down"]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "move";
    button.textContent = sign;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => { move(row, list, step); button.focus(); });
    place.append(button);
  }
}

async function refresh(place) {
  const response = await fetch(place.dataset.address || location.href, { headers: { "X-Fragment": "1" } });
  if (response.ok) place.innerHTML = await response.text();
  watch(place);
}

function watch(place) {
  if (place.querySelector("[data-moving=yes]")) setTimeout(() => refresh(place).catch(() => watch(place)), REFRESH);
}

for (const list of document.querySelectorAll("[data-briefing-items]")) rowsOf(list).forEach((row) => addArrows(row, list));
const progress = document.getElementById("progress");
if (progress) watch(progress);
