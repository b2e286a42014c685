// Marks the section being read in an article's contents list.
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
