// Runs before the first paint, so a remembered theme never flashes. The switch itself is in theme.js.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* storage is off: the system's choice stands */ }
