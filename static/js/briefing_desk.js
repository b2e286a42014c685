// The briefing desk: arrows that move items, and a progress page that keeps itself fresh. Both work without this.
const REFRESH = 2; // seconds, where the page does not say otherwise

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
  if (response.ok) {
    const before = place.querySelector("[data-state]")?.dataset.state;
    place.innerHTML = await response.text();
    const now = place.querySelector("[data-state]")?.dataset.state;
    if (before && now !== before) return location.reload();  // what may be decided is another thing now
  }
  watch(place);
}

function watch(place) {
  const moving = place.querySelector("[data-moving=yes]");
  if (moving) setTimeout(() => refresh(place).catch(() => watch(place)), 1000 * (moving.dataset.every || REFRESH));
}

function countDown(place) {
  const shown = place.querySelector("[data-seconds]");
  const left = Number(shown?.dataset.seconds);
  if (!left) return;
  shown.dataset.seconds = left - 1;
  shown.textContent = left > 1 ? `The first letter leaves in ${left - 1} s.` : "It begins any moment.";
}

for (const list of document.querySelectorAll("[data-briefing-items]")) rowsOf(list).forEach((row) => addArrows(row, list));
const progress = document.getElementById("progress");
if (progress) {
  watch(progress);
  setInterval(countDown, 1000, progress);
}
