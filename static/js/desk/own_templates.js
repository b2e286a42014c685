// Of the mail templates, which stand under the names of their newsletters, those of the newsletter that is chosen.

const newsletter = document.querySelector("select#id_newsletter");
const template = document.querySelector("select#id_template");
const groups = [...(template?.querySelectorAll("optgroup") ?? [])];

function show() {
  const chosen = newsletter.selectedOptions[0]?.text;
  const kept = template.value;
  for (const group of groups) {
    if (group.label === chosen) template.append(group);
    else group.remove();
  }
  template.value = kept;
  if (template.selectedIndex < 0) template.value = "";
}

if (newsletter && groups.length) {
  newsletter.addEventListener("change", show);
  show();
}
