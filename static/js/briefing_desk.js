// A page of progress that keeps itself fresh. It works without this.
const REFRESH = 2; // seconds, where the page does not say otherwise

let leaving = false; // a decision is on its way: what it answers is not to be overtaken by a look at the old page
addEventListener("submit", (event) => { leaving = !event.defaultPrevented; });
addEventListener("pageshow", () => { leaving = false; }); // back again

async function refresh(place) {
  if (leaving) return watch(place);
  const response = await fetch(place.dataset.address || location.href, { headers: { "X-Fragment": "1" } });
  if (response.ok && !leaving) {
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

const progress = document.getElementById("progress");
if (progress) {
  watch(progress);
  setInterval(countDown, 1000, progress);
}
