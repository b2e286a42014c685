// The library: a button beside each choice of a picture opens a dialog with the grid, to search and to choose from.
// Without this the choice is searched by name, and a picture can be uploaded.

import { choose } from "./images.js";

const WAIT = 250
const dialog = document.querySelector(".library-dialog")
let select = null
let timer = 0

const grid = () => dialog.querySelector(".library-dialog__grid")
const field = (name) => dialog.querySelector(`[name=library-${name}]`)

// A tag counts once it is one of those that are suggested.
const chosenTag = () => {
  const tag = field("tag").value.trim().toLowerCase()
  return [...dialog.querySelectorAll("#library-tags option")].some((option) => option.value === tag) ? tag : ""
}

const load = async (page = 1) => {
  const query = new URLSearchParams({ q: field("q").value, tag: chosenTag(), page })
  const response = await fetch(`${dialog.dataset.grid}?${query}`)
  if (!response.ok) return
  const html = await response.text()
  if (page === 1) grid().innerHTML = html
  else {
    grid().querySelector("[data-next]").parentElement.remove()
    const first = grid().querySelectorAll("button").length
    grid().insertAdjacentHTML("beforeend", html)
    grid().querySelectorAll("button")[first]?.focus()
  }
}

const open = (wanted) => {
  select = wanted
  dialog.showModal()
  field("q").focus()
  load()
}

const take = ({ src, name, alt, decorative }) => {
  const form = select.form
  if (select.multiple || select.closest("[data-order]")) {
    django.jQuery(select).trigger({ type: "select2:select", params: { data: { id: src, text: name } } })
  } else {
    choose(select, { src, name })
    select.dispatchEvent(new Event("input", { bubbles: true }))
    tell(form.elements[select.name.replace(/src$/, "alt")], decorative === "yes" ? "" : alt)
  }
  dialog.close()
}

// What the library says stands where nothing else is written in its place.
const tell = (input, alt) => {
  if (input) input.placeholder = alt ? `From the library: ${alt}` : ""
}

const equip = (root) => {
  for (const each of root.querySelectorAll('select[data-choice="image"]:not([name*=__prefix__])')) {
    if (each.parentElement.querySelector(":scope > .library-open")) continue
    const button = document.createElement("button")
    button.type = "button"
    button.className = "button library-open"
    button.textContent = "Library…"
    button.addEventListener("click", () => open(each))
    each.parentElement.append(button)
  }
}

if (dialog) {
  equip(document)
  document.addEventListener("formset:added", (event) => equip(event.target))
  dialog.addEventListener("input", () => {
    clearTimeout(timer)
    timer = setTimeout(() => load(), WAIT)
  })
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button")
    if (!button) return
    if (button.dataset.src) take(button.dataset)
    else if (button.dataset.next) load(button.dataset.next)
    else if (button.hasAttribute("data-close")) dialog.close()
  })
  dialog.addEventListener("close", () => select?.parentElement.querySelector(".library-open")?.focus())
}
