// Rows of which only what the choice in them needs is shown, with a hint: conditions of a segment, steps of an automation.
// Without this, all is shown.

function fit(select) {
  const row = select.closest(".inline-related");
  const all = JSON.parse(select.dataset.needs);
  const needs = (all[select.value] || "").split(" ");
  const hints = JSON.parse(select.dataset.hints);
  const kind = needs.find((need) => need in hints);
  for (const part of new Set(["value", ...Object.values(all).join(" ").split(" ").filter(Boolean)])) {
    const box = row.querySelector(`.fieldBox.field-${part}`);
    if (box) box.hidden = part === "value" ? !kind : !needs.includes(part);
  }
  const value = row.querySelector(".fieldBox.field-value input");
  if (value) value.placeholder = hints[kind] || "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-needs]")) fit(event.target);
});
document.addEventListener("formset:added", (event) => event.target.querySelectorAll("select[data-needs]").forEach(fit));
document.querySelectorAll("select[data-needs]").forEach(fit);
