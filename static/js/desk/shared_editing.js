// An edit page of the admin that keeps what is typed (SharedEditing). It works without this, but then only a save keeps it.

import { keepWork } from "./keeping.js";

const saved = document.querySelector("[data-keep]")
const form = saved?.closest("form")

if (form) {
  const keeping = keepWork(form, { address: saved.dataset.keep, saved })
  if (form.querySelector(".errors, .errorlist")) keeping.refused()
}
