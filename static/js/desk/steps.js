// Steps of an automation moved by buttons. Without this each has the number of its place.

const group = document.querySelector("#steps-group");
const rows = () => [...group.querySelectorAll(".inline-related:not(.empty-form)")];
const place = (row) => row.querySelector('[name$="-ordering"]');
const nameOf = (row) => row.querySelector("select[data-needs]")?.selectedOptions[0]?.text || "this step";

// The formset counts its rows in the order of the page: it gets them back in that of their numbers before it does.
const numberOf = (row) => Number(place(row).name.match(/-(\d+)-/)[1]);
const inOrderOf = (value) => {
  const all = rows();
  const end = all.at(-1)?.nextSibling;
  for (const row of all.toSorted((one, other) => value(one) - value(other))) row.parentElement.insertBefore(row, end);
};

function renumber() {
  rows().forEach((row, index) => {
    if (row.classList.contains("has_original") || row.querySelector("select[data-needs]")?.value) place(row).value = index + 1;
  });
  group.dispatchEvent(new Event("input", { bubbles: true }));
}

function button(way, sign) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "step-move";
  made.dataset.way = way;
  made.textContent = sign;
  return made;
}

function equip(row) {
  const box = row.querySelector(".fieldBox.field-ordering");
  if (!box || row.querySelector(".step-moves")) return;
  box.hidden = true;
  const moves = document.createElement("span");
  moves.className = "step-moves";
  moves.append(button("up", "↑"), button("down", "↓"));
  row.querySelector("h3").append(moves);
  name(row);
}

function name(row) {
  for (const each of row.querySelectorAll(".step-move")) {
    each.title = each.ariaLabel = `Move “${nameOf(row)}” ${each.dataset.way}`;
  }
}

if (group) {
  rows().forEach(equip);
  document.addEventListener("formset:added", (event) => {
    if (event.target.closest?.("#steps-group")) equip(event.target);
  });
  document.addEventListener("formset:removed", (event) => {
    if (event.detail.formsetName !== "steps") return;
    const order = new Map(rows().map((row, index) => [row, index]));
    inOrderOf(numberOf);
    queueMicrotask(() => {
      inOrderOf((row) => order.get(row));
      renumber();
    });
  });
  group.addEventListener("change", (event) => {
    const row = event.target.closest(".inline-related");
    if (row && event.target.matches("select[data-needs]")) {
      name(row);
      renumber();
    }
  });
  group.addEventListener("click", (event) => {
    const pressed = event.target.closest(".step-move");
    if (!pressed) return;
    const row = pressed.closest(".inline-related");
    const all = rows();
    const other = all[all.indexOf(row) + (pressed.dataset.way === "up" ? -1 : 1)];
    if (other) other[pressed.dataset.way === "up" ? "before" : "after"](row);
    pressed.focus();
    renumber();
  });
}
