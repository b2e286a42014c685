// Blocks without a mouse: they stand in the page in the order they are read in, and have buttons to move and copy them.

import { isQuiet, quietly, start, write } from "./prose.js";

const machine = () => document.querySelector(".order-machine")
const blocksIn = (root) => [...root.querySelectorAll(":scope > .inline-related:not(.empty-form)")]
const placeOf = (block) => block.querySelector(".order-machine-ordering")

const inOrder = () => blocksIn(machine()).sort((one, other) => one.style.order - other.style.order)
export const nextOf = (block) => inOrder()[inOrder().indexOf(block) + 1] ?? null
export const kindOf = (block) => /^block-([a-z_]+)-/.exec(block.id)[1]
export const changed = () => machine().dispatchEvent(new Event("input", { bubbles: true }))

// The content editor orders blocks by a style and leaves them grouped by kind in the page, where the Tab key and
// screen readers would follow the groups. Put each where it is seen.
const settle = () => {
  const focused = document.activeElement
  const blocks = inOrder()
  let before = null
  for (const [index, block] of blocks.entries()) {
    const there = before ? before.nextElementSibling : machine().firstElementChild
    if (there !== block) {
      // Either the block came up from below, or the one that stands here went further down: move one, not all between.
      const wentDown = there?.nextElementSibling === block && blocks.indexOf(there) - 1
      if (wentDown > index) blocks[wentDown].after(there)
      else machine().insertBefore(block, there)
    }
    before = block
  }
  if (document.activeElement !== focused) focused.focus({ preventScroll: true })
}

const renumber = (blocks) => {
  for (const [index, block] of blocks.entries()) {
    placeOf(block).value = block.style.order = 10 * (index + 1)
  }
  settle()
  changed()
}

// Add a block of a kind before another, or at the end; its form.
export const add = (kind, before = null) => {
  let made = null
  const note = (event) => {
    made = event.target
  }
  document.addEventListener("formset:added", note, { once: true, capture: true })
  ContentEditor._insertBefore = before
  ContentEditor.addContent(`block-${kind}`)
  document.removeEventListener("formset:added", note, { capture: true })
  return made
}

const move = (block, step) => {
  const blocks = inOrder()
  const from = blocks.indexOf(block)
  const to = from + step
  if (to < 0 || to >= blocks.length) return
  blocks.splice(from, 1)
  blocks.splice(to, 0, block)
  renumber(blocks)
  block.scrollIntoView({ block: "nearest" })
  say(`${nameOf(block)} is number ${to + 1} of ${blocks.length} now.`)
}

const copy = (block) => {
  const made = quietly(() => add(kindOf(block), nextOf(block))) // the focus stays
  if (!made) return
  const from = block.id
  const to = made.id
  const rows = block.querySelector(".desk-order__rows")
  if (rows) {
    const into = made.querySelector(".desk-order__rows")
    into.replaceChildren(...[...rows.children].map((row) => row.cloneNode(true)))
    for (const element of into.querySelectorAll("[name]")) element.name = element.name.replace(from, to)
    made.querySelector('[name$="-count"]').value = block.querySelector('[name$="-count"]').value
  }
  for (const field of block.querySelectorAll(`[name^="${from}-"]:not([type=file], [type=hidden])`)) {
    const other = made.querySelector(`[name="${field.name.replace(from, to)}"]`)
    if (!other || field.closest("[data-order]")) continue
    if (field.dataset.deskProse) write(other, field.value)
    else if (field.type === "checkbox") other.checked = field.checked
    else {
      if (field.dataset.choice) other.replaceChildren(...[...field.options].map((option) => option.cloneNode(true)))
      other.value = field.value
      django.jQuery(other).trigger("change")
    }
  }
  made.querySelector(".inline_label").textContent = block.querySelector(".inline_label").textContent
  changed()
  made.scrollIntoView({ block: "nearest" })
}

// Go to the first thing in a block that can be typed in or chosen; to its tools where there is none.
const FIRST = "input:not([type=hidden], .select2-search__field), select:not(.select2-hidden-accessible), textarea, .select2-selection, .tiptap, .desk-still [tabindex]"
export const focusIn = (element) => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true })
  const first = [...element.querySelectorAll(`:scope > fieldset :is(${FIRST})`)].find(shown) ?? element.querySelector(FIRST)
  const found = first ?? element.querySelector(".desk-tool")
  found?.focus({ preventScroll: true })
  found?.scrollIntoView({ block: "nearest" })
}

const nameOf = (block) => block.querySelector(":scope > h3 b").textContent
const say = (text) => {
  document.querySelector(".desk-says").textContent = text
}

// The tools of a block's head, copied for each: a long article has hundreds of blocks.
const TOOLS = [
  ["up", "arrow_upward", "Move", "up", (block) => move(block, -1)],
  ["down", "arrow_downward", "Move", "down", (block) => move(block, 1)],
  ["copy", "content_copy", "Copy", "", (block) => copy(block)],
  ["fold", "unfold_less", "Fold", "", (block) => block.querySelector(":scope > h3").click()],
]
const pattern = document.createElement("span")
pattern.className = "desk-tools"
for (const [tool, icon] of TOOLS) {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "desk-tool material-icons"
  button.dataset.tool = tool
  button.textContent = icon
  pattern.append(button)
}

const equip = (block) => {
  const head = block.querySelector(":scope > h3")
  if (!head || head.querySelector(".desk-tools")) return
  const name = nameOf(block)
  const tools = pattern.cloneNode(true)
  for (const [index, [, , verb, where]] of TOOLS.entries()) {
    const tool = tools.children[index]
    tool.title = tool.ariaLabel = [verb, name, where].filter(Boolean).join(" ")
  }
  const removal = head.querySelector(".inline-deletelink")
  if (removal) {
    removal.title = removal.ariaLabel = `Remove ${name}`
    head.append(tools, removal.parentElement)
  } else head.append(tools)
}

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.(".desk-tool[data-tool]")
    if (!button) return
    event.stopPropagation() // the head would fold the block
    TOOLS.find(([tool]) => tool === button.dataset.tool).at(-1)(button.closest(".inline-related"))
    button.focus()
    tellFold(button)
  },
  { capture: true },
)
const tellFold = (button) => {
  if (button.dataset.tool !== "fold") return
  button.ariaExpanded = String(!button.closest(".inline-related").classList.contains("collapsed"))
}
document.addEventListener("focusin", (event) => event.target.matches?.(".desk-tool[data-tool]") && tellFold(event.target))

// A block that is taken out stays in the page, folded and marked, until the article is saved: it can be put back.
const remove = (block) => {
  const mark = document.createElement("input")
  mark.type = "hidden"
  mark.name = `${block.id}-DELETE`
  mark.value = "on"
  const undo = document.createElement("button")
  undo.type = "button"
  undo.className = "button desk-undo"
  undo.textContent = `Put ${nameOf(block)} back`
  undo.addEventListener("click", (event) => {
    event.stopPropagation()
    mark.remove()
    undo.remove()
    block.classList.remove("desk-removed")
    block.querySelector(".inline-deletelink").focus()
    changed()
  })
  block.classList.add("desk-removed")
  block.querySelector(":scope > h3").append(mark, undo)
  undo.focus()
  changed()
}
document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.(".order-machine .inline-deletelink")
    if (!link) return
    event.preventDefault()
    event.stopPropagation()
    remove(link.closest(".inline-related"))
  },
  { capture: true },
)

const begin = () => {
  for (const block of blocksIn(machine())) equip(block)
  settle()
  const desk = document.querySelector("[data-desk]")
  if (desk.dataset.autosave && !inOrder().length) {
    const made = quietly(() => add("richtext")) // there is always something to write in
    start(made.querySelector("textarea[data-desk-prose]"))
    if (desk.dataset.version === "0") document.querySelector("#id_title, #id_subject")?.focus()
  }
}
django.jQuery(begin) // after the content editor, which waits in the same line

document.addEventListener("formset:added", (event) => {
  if (!event.target.matches(".inline-related")) return
  equip(event.target)
  const isAsked = !isQuiet()
  queueMicrotask(() => {
    settle() // once the content editor has given it its place
    if (!isAsked) return
    changed()
    setTimeout(() => event.target.querySelector(":focus:not(.select2-hidden-accessible)") ?? focusIn(event.target))
  })
})
document.addEventListener("dragend", (event) => {
  if (!event.target.matches?.(".inline-related > h3")) return
  window.__fs_dragging = null // which the content editor remembers where nothing was dropped
  settle()
  changed()
})
