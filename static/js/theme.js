// The light and dark switch. It runs in the head, before the first paint, so that a remembered theme never flashes.
// A choice that equals the system's is not kept. The switch shows only where this runs.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);

  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch { /* storage is off: the system's choice stands */ }

  function choose(dark) {
    if (dark === system.matches) delete root.dataset.theme;
    else root.dataset.theme = dark ? "dark" : "light";
    try {
      if (dark === system.matches) localStorage.removeItem("theme");
      else localStorage.setItem("theme", root.dataset.theme);
    } catch { /* storage is off: the choice lasts for this page */ }
  }

  function setUp(button) {
    const show = () => button.setAttribute("aria-pressed", String(isDark()));
    button.hidden = false;
    button.addEventListener("click", () => { choose(!isDark()); show(); });
    system.addEventListener("change", show);
    show();
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".theme-toggle").forEach(setUp));
})();
