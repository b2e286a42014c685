// The builder of a segment: of each condition only what its test needs is shown, with a hint. Without this, all is shown.
const PARTS = ["newsletter", "tag", "field", "value"];

function fit(select) {
  const row = select.closest(".inline-related");
  const needs = (JSON.parse(select.dataset.needs)[select.value] || "").split(" ");
  const hints = JSON.parse(select.dataset.hints);
  const kind = needs.find((need) => need in hints);
  for (const part of PARTS) {
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
