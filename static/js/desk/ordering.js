// Choices in an order (authors, images of a gallery): rows to move by button or by hand, to take out, to add to.
// Without this the same rows have a number and a tick each.

import { thumbnail, upload } from "./images.js";

const rootOf = (element) => element.closest("[data-order]")
const listOf = (root) => root.querySelector(".desk-order__rows")
const isGallery = (root) => root.classList.contains("desk-order--gallery")
const nameOf = (row) => row.querySelector(".desk-order__name").textContent
const say = (text) => {
  document.querySelector(".desk-says").textContent = text
}

const tool = (act, icon, name) => {
  const made = document.createElement("button")
  made.type = "button"
  made.className = "desk-tool material-icons"
  made.dataset.act = act
  made.title = made.ariaLabel = name
  made.textContent = icon
  return made
}

const equip = (row) => {
  if (row.querySelector(".desk-tools")) return
  const name = nameOf(row)
  const source = row.querySelector('[name$="-src"]')
  if (source) row.prepend(thumbnail(source.value))
  const handle = document.createElement("span")
  handle.className = "desk-order__handle material-icons"
  handle.draggable = true
  handle.ariaHidden = "true"
  handle.textContent = "drag_indicator"
  row.prepend(handle)
  const tools = document.createElement("span")
  tools.className = "desk-tools"
  tools.append(
    tool("up", "arrow_upward", `Move ${name} up`),
    tool("down", "arrow_downward", `Move ${name} down`),
    tool("remove", "close", `Take ${name} out`),
  )
  row.append(tools)
}

const renumber = (root) => {
  for (const [index, row] of [...listOf(root).children].entries()) {
    const place = row.querySelector('[name$="-place"]')
    if (place) place.value = index + 1
  }
  root.dispatchEvent(new Event("input", { bubbles: true }))
}

const add = (root, value, name, texts = {}) => {
  const row = root.querySelector("template").content.firstElementChild.cloneNode(true)
  row.querySelector(".desk-order__name").textContent = name
  if (isGallery(root)) {
    const count = root.querySelector('[name$="-count"]')
    const prefix = `${count.name.slice(0, -"-count".length)}-${count.value}`
    for (const input of row.querySelectorAll("input")) input.name = prefix + input.name
    count.value = Number(count.value) + 1
    row.querySelector('[name$="-src"]').value = value
    row.querySelector('[name$="-alt"]').value = texts.alt ?? ""
  } else {
    const values = [...listOf(root).querySelectorAll(`[name="${root.dataset.name}"]`)].map((input) => input.value)
    if (values.includes(value)) return
    row.querySelector("input").value = value
  }
  listOf(root).append(row)
  equip(row)
  renumber(root)
  say(`${name} was added.`)
}

const acts = {
  up: (row) => row.previousElementSibling?.before(row),
  down: (row) => row.nextElementSibling?.after(row),
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-order] [data-act]")
  if (!button) return
  const row = button.closest("li")
  const root = rootOf(row)
  if (button.dataset.act === "remove") {
    const near = row.nextElementSibling ?? row.previousElementSibling
    row.remove()
    const focused = near?.querySelector('[data-act="remove"]') ?? root.querySelector(".select2-selection")
    focused?.focus()
    say(`${nameOf(row)} was taken out.`)
  } else {
    acts[button.dataset.act](row)
    button.focus()
    say(`${nameOf(row)} is number ${[...listOf(root).children].indexOf(row) + 1} now.`)
  }
  renumber(root)
})

// By hand
let dragged = null
document.addEventListener("dragstart", (event) => {
  if (!event.target.matches?.(".desk-order__handle")) return
  dragged = event.target.closest("li")
  event.dataTransfer.setData("text/plain", nameOf(dragged))
  event.dataTransfer.effectAllowed = "move"
})
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.(".desk-order__row")
  if (!over || over.parentElement !== dragged.parentElement) return
  event.preventDefault()
  if (over === dragged) return
  const box = over.getBoundingClientRect()
  over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged)
})
document.addEventListener("drop", (event) => dragged && event.preventDefault())
document.addEventListener(
  "dragend",
  (event) => {
    if (!dragged) return
    event.stopPropagation() // the content editor would take it for the end of a block's way
    renumber(rootOf(dragged))
    dragged = null
  },
  { capture: true },
)

// Adding: from what there is, or from this computer
django.jQuery(document).on("select2:select", ".desk-order__add select", (event) => {
  const { id, text } = event.params.data
  add(rootOf(event.target), id, text)
  django.jQuery(event.target).empty().trigger("change")
})
document.addEventListener("change", async (event) => {
  if (!event.target.matches?.('.desk-order__add input[type="file"]')) return
  const input = event.target
  const files = [...input.files]
  input.value = ""
  for (const file of files) {
    const image = await upload(file)
    if (image) add(rootOf(input), image.src, image.name, image)
  }
})

const begin = (root) => {
  for (const order of root.querySelectorAll("[data-order]")) order.classList.add("desk-order--live")
  for (const row of root.querySelectorAll(".desk-order__row")) equip(row)
}
begin(document)
document.addEventListener("formset:added", (event) => begin(event.target))
