// Ballots on which nominees are ranked: drag them, move them with their buttons, or choose a place as without scripts. The
// select of each nominee holds its place all the time, and is what is sent.

function enhance(list) {
  const options = [...list.children].filter((each) => each.querySelector("select"));
  const below = [...list.children].filter((each) => !options.includes(each));
  const shared = list.dataset.rank === "shared";
  const most = Math.min(Number(list.dataset.most) || options.length, options.length);
  const select = (option) => option.querySelector("select");
  const title = (option) => option.querySelector("b").textContent;
  const divider = list.appendChild(document.createElement("p"));
  divider.className = "vote__divider";
  const said = list.after(document.createElement("p")) ?? list.nextElementSibling;
  said.className = "visually-hidden";
  said.setAttribute("role", "status");

  // Who shares the first place, the second, and so on; everybody else is not ranked.
  const placed = () => {
    const places = new Map();
    for (const option of options) {
      const place = Number(select(option).value);
      if (place) places.set(place, [...(places.get(place) ?? []), option]);
    }
    return [...places].sort(([a], [b]) => a - b).map(([, group]) => group);
  };

  const show = (groups, moved) => {
    const kept = groups.filter((group) => group.length).slice(0, most);
    for (const option of options) {
      const place = kept.findIndex((group) => group.includes(option)) + 1;
      select(option).value = place || "";
      option.classList.toggle("vote__option--placed", place > 0);
      const [up, down] = option.querySelectorAll(".vote__moves button");
      const alone = place && kept[place - 1].length === 1;
      up.disabled = place ? place === 1 && alone : kept.length === most;
      down.disabled = !place;
    }
    const rest = options.filter((option) => !select(option).value);
    const focused = document.activeElement;
    list.append(...kept.flat(), divider, ...rest, ...below);
    divider.textContent = rest.length ? "Not ranked" : "";
    divider.hidden = !rest.length;
    if (!moved) return;
    list.dispatchEvent(new Event("input", { bubbles: true }));
    if (list.contains(focused)) (focused.disabled ? select(moved) : focused).focus();
    const place = select(moved).value;
    said.textContent = place ? `${title(moved)}: place ${place} of ${kept.length}` : `${title(moved)}: not ranked`;
  };

  const without = (groups, option) => groups.map((group) => group.filter((each) => each !== option));

  const move = (option, step) => {
    const before = placed();
    const at = before.findIndex((group) => group.includes(option));
    const groups = without(before, option);
    if (at < 0) groups.push([option]);
    else if (groups[at].length) groups.splice(step < 0 ? at : at + 1, 0, [option]); // no longer shares its place
    else if (groups[at + step]) groups.splice(step < 0 ? at - 1 : at + 2, 0, [option]);
    show(groups, option); // the last one that moves down is not ranked any more
  };

  const choose = (option) => {
    const place = Number(select(option).value);
    select(option).value = "";
    const groups = placed();
    if (place && shared && groups[place - 1]) groups[place - 1].push(option);
    else if (place) groups.splice(place - 1, 0, [option]);
    show(groups, option);
  };

  const drop = (option, next) => {
    const groups = without(placed(), option).filter((group) => group.length);
    const above = [...list.children].indexOf(divider) >= [...list.children].indexOf(option);
    if (above) {
      const at = next ? groups.findIndex((group) => group.includes(next)) : -1;
      groups.splice(at < 0 ? groups.length : at, 0, [option]);
    }
    show(groups, option);
  };

  const drag = (option, start) => {
    start.preventDefault();
    option.classList.add("vote__option--dragged");
    divider.hidden = false;
    divider.textContent = "Not ranked";
    const follow = (event) => {
      const others = [...list.children].filter((each) => each !== option);
      const under = others.find((each) => {
        const box = each.getBoundingClientRect();
        return event.clientY < box.top + box.height / 2;
      });
      if ((under ?? null) !== option.nextElementSibling) list.insertBefore(option, under ?? null);
    };
    const end = (event) => {
      removeEventListener("pointermove", follow);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      option.classList.remove("vote__option--dragged");
      if (event.type === "pointercancel") show(placed(), option);
      else drop(option, option.nextElementSibling);
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  };

  for (const option of options) {
    const moves = document.createElement("span");
    moves.className = "vote__moves";
    for (const [step, arrow, words] of [[-1, "↑", "up"], [1, "↓", "down"]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = arrow;
      button.setAttribute("aria-label", `Move ${title(option)} ${words}`);
      button.addEventListener("click", () => move(option, step));
      moves.append(button);
    }
    const handle = document.createElement("span");
    handle.className = "vote__handle";
    handle.setAttribute("aria-hidden", "true");
    handle.addEventListener("pointerdown", (event) => drag(option, event));
    option.prepend(handle);
    option.append(moves);
    select(option).addEventListener("change", () => choose(option));
  }
  show(placed());
}

for (const list of document.querySelectorAll("[data-rank]")) enhance(list);
for (const words of document.querySelectorAll("[data-rank-words]")) words.hidden = false;
