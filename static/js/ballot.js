// An order of the nominees for each visit. The page itself is the same for everybody, and may come from a cache: there the
// order changes every ten minutes, and that is what it says until this runs.

const seed = visit();

function visit() {
  const fresh = String(crypto.getRandomValues(new Uint32Array(1))[0]);
  try {
    if (!sessionStorage.getItem("ballot-order")) sessionStorage.setItem("ballot-order", fresh);
    return sessionStorage.getItem("ballot-order");
  } catch { // storage is off: the order lasts for this page
    return fresh;
  }
}

// Where something stands in this visit: FNV-1a over the seed and its name, mixed once more, so that every order is as likely.
function place(name) {
  let hash = 0x811c9dc5;
  for (const character of `${seed} ${name}`) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function shuffle(options) {
  const kept = [...options.children].filter((each) => "last" in each.dataset);
  const others = [...options.children].filter((each) => !("last" in each.dataset));
  const name = (each) => each.dataset.name ?? each.querySelector("input").value;
  others.sort((a, b) => place(`${options.dataset.shuffled} ${name(a)}`) - place(`${options.dataset.shuffled} ${name(b)}`));
  options.append(...others, ...kept);
}

for (const options of document.querySelectorAll("[data-shuffled]")) shuffle(options);
for (const words of document.querySelectorAll("[data-order]")) words.textContent = "The order is shuffled for each visit.";

// Whoever writes a name in chooses it, where one thing or several are ticked.
for (const text of document.querySelectorAll(".vote__written input")) {
  const option = text.closest(".vote__options").querySelector('input[value="write-in"]');
  if (option) text.addEventListener("input", () => { option.checked = Boolean(text.value.trim()); });
}

// While too many ask at once, the browser computes something before a vote is sent. Where it cannot, or nobody answers, the
// vote is sent all the same: its mail then comes some minutes later.
for (const status of document.querySelectorAll("[data-proof]")) {
  const form = status.closest("form");
  let sending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    try {
      form.elements.proof.value = await proof(status);
    } catch {
      form.elements.proof.value = "";
    }
    status.textContent = "";
    sending = false;
    form.submit();
  });
}

async function proof(status) {
  const answer = await fetch(status.dataset.proof, { signal: AbortSignal.timeout(5_000) });
  const { challenge, solver } = await answer.json();
  if (!challenge) return "";
  status.textContent = "One moment, please: your browser is computing something that keeps robots away.";
  const { solve } = await import("./proof_of_work.js");
  return Promise.race([solve(challenge, solver), new Promise((resolve) => setTimeout(resolve, 20_000, ""))]);
}
