// The light and dark switch. It appears only where this runs; a choice that equals the system's is not kept.
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

function choose(dark) {
  const theme = dark ? "dark" : "light";
  try {
    if (dark === system.matches) localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch { /* storage is off: the choice lasts for this page */ }
  if (dark === system.matches) delete root.dataset.theme;
  else root.dataset.theme = theme;
}

for (const button of document.querySelectorAll(".theme-toggle")) {
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  button.hidden = false;
  button.addEventListener("click", () => { choose(!isDark()); show(); });
  system.addEventListener("change", show);
  show();
}
