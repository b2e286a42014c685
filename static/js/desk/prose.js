// Makes each rich text editor once its block comes near the window.

import { createEditor } from "django-prose-editor/configurable"

const settings = JSON.parse(document.getElementById("desk-prose-settings").textContent)

const make = (textarea) => {
  if (textarea.id.includes("__prefix__") || !textarea.isConnected) return
  createEditor(textarea, settings[textarea.dataset.deskProse])
}

const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue
      near.unobserve(entry.target)
      make(entry.target)
    }
  },
  { rootMargin: "800px 0px" },
)

const watch = (root) => {
  for (const textarea of root.querySelectorAll("textarea[data-desk-prose]")) {
    if (!textarea.id.includes("__prefix__")) near.observe(textarea)
  }
}

watch(document)
document.addEventListener("formset:added", (event) => {
  for (const textarea of event.target.querySelectorAll("textarea[data-desk-prose]")) make(textarea)
})
