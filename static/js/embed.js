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
