// What an article does beyond plain HTML: marks where one is, and loads someone else's player when asked to.

const links = new Map();
for (const link of document.querySelectorAll(".toc--open a[href^='#']")) {
  const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (heading) links.set(heading, link);
}
const headings = [...links.keys()];

function mark() {
  const current = headings.findLast((heading) => heading.getBoundingClientRect().top < innerHeight * 0.3);
  for (const [heading, link] of links) {
    if (heading === current) link.setAttribute("aria-current", "location");
    else link.removeAttribute("aria-current");
  }
}

const watcher = new IntersectionObserver(mark, { rootMargin: "0px 0px -70% 0px" });
for (const heading of headings) watcher.observe(heading);

// Someone else's player, put in the page only when the reader asks for it.
function load(box) {
  const frame = document.createElement("iframe");
  frame.src = box.dataset.embed;
  frame.title = box.dataset.title;
  frame.allow = "fullscreen";
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  box.replaceChildren(frame);
  frame.focus();
}

for (const box of document.querySelectorAll("[data-embed]")) {
  if (!box.dataset.embed.startsWith("https://")) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-primary";
  button.textContent = "Load it here";
  button.addEventListener("click", () => load(box));
  box.querySelector(".embed__actions").prepend(button);
}
