// Where a block goes in: a + between blocks that the Tab key reaches, and / on an empty line while one writes.

// The semicolons are for the manifest of static files, which finds imports by them.
import { add, kindOf, nextOf } from "./blocks.js";
import { quietly, write } from "./prose.js";

const wrapper = () => document.querySelector(".order-machine-wrapper")
const menu = () => document.querySelector(".plugin-buttons")
const entries = () => [...menu().querySelectorAll(".plugin-button:not(.content-editor-hide)")]
let from = null // where focus goes back to
let line = null // the editor whose empty line asked for a block

const equip = (target) => {
  target.role = "button"
  target.tabIndex = 0
  target.ariaHasPopup = "menu"
  const block = target.closest(".inline-related")
  const head = block?.querySelector(":scope > h3 b").textContent
  target.title = target.ariaLabel = head ? `Insert a block before this ${head}` : "Insert a block at the end"
}

const begin = () => {
  for (const target of document.querySelectorAll(".order-machine-insert-target")) equip(target)
  menu().role = "menu"
  menu().ariaLabel = "Kinds of block"
  for (const entry of entries()) {
    entry.role = "menuitem"
    entry.tabIndex = 0
  }
}
django.jQuery(begin) // after the content editor, which waits in the same line

// Typed letters go to the kind that starts with them.
let typed = ""
let forget
const seek = (letter) => {
  clearTimeout(forget)
  forget = setTimeout(() => {
    typed = ""
  }, 1000)
  typed += letter.toLowerCase()
  const words = (entry) => entry.title.toLowerCase()
  const found = entries().find((entry) => words(entry).startsWith(typed)) ?? entries().find((entry) => words(entry).includes(typed))
  found?.focus()
}

const enter = (origin) => {
  from = origin
  typed = ""
  entries()[0].focus()
}

const close = () => {
  wrapper().classList.remove("plugin-buttons-visible")
  for (const target of document.querySelectorAll(".order-machine-insert-target.selected")) target.classList.remove("selected")
  from?.focus()
  from = line = null
}

document.addEventListener("keydown", (event) => {
  const target = event.target
  if (target.matches?.(".order-machine-insert-target") && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault()
    target.click()
    if (wrapper().classList.contains("plugin-buttons-visible")) enter(target)
  } else if (target.matches?.(".plugin-button[data-plugin-prefix]")) {
    const all = entries()
    const at = all.indexOf(target)
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }
    if (event.key in steps) all[steps[event.key] % all.length].focus()
    else if (event.key === "Enter" || event.key === " ") target.click()
    else if (event.key === "Escape" || event.key === "Tab") close()
    else if (event.key === "Backspace" && line) close()
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) seek(event.key)
    else return
    event.preventDefault()
  } else if (event.key === "/" && target.matches?.(".inline-related .tiptap")) {
    slash(event, target)
  }
})

const slash = (event, dom) => {
  const { editor } = dom
  const { $from, empty } = editor.state.selection
  if (!empty || $from.depth !== 1 || $from.parent.content.size || $from.parent.type.name !== "paragraph") return
  if (dom.closest(".field-answer")) return
  event.preventDefault()
  line = editor
  const caret = editor.view.coordsAtPos($from.pos)
  const frame = wrapper().getBoundingClientRect()
  menu().style.left = `${Math.max(8, caret.left - frame.left)}px`
  menu().style.top = `${caret.bottom - frame.top + 4}px`
  wrapper().classList.add("plugin-buttons-visible")
  enter(dom)
}

// A kind was chosen on an empty line: what follows the line goes on below the new block.
document.addEventListener(
  "click",
  (event) => {
    const entry = event.target.closest?.(".plugin-button[data-plugin-prefix]")
    if (!entry) {
      if (!event.target.closest?.(".order-machine-insert-target")) from = line = null
      return
    }
    const editor = line
    from = line = null
    if (!editor) return
    event.preventDefault()
    event.stopPropagation()
    close()
    insertAt(editor, entry.dataset.pluginPrefix.replace("block-", ""))
  },
  { capture: true },
)

// Add a block of a kind at the caret of a text: the text is parted there, and goes on below it. The new block's form.
export const insertAt = (editor, kind) => {
  const block = editor.view.dom.closest(".inline-related")
  if (kindOf(block) !== "richtext") return add(kind, nextOf(block))
  const { doc, selection } = editor.state
  const { $from } = selection
  const index = $from.index(0)
  const isBlank = $from.depth === 1 && !$from.parent.content.size
  if (isBlank && index === 0) {
    if (doc.childCount > 1) editor.commands.deleteRange({ from: 0, to: doc.child(0).nodeSize })
    return add(kind, block)
  }
  const parts = document.createElement("template")
  parts.innerHTML = editor.getHTML()
  const rest = [...parts.content.children].slice(index + 1)
  const start = isBlank ? $from.before(1) : $from.after(1)
  if (start < doc.content.size) editor.commands.deleteRange({ from: start, to: doc.content.size })
  if (rest.some((part) => part.textContent.trim() || part.matches("hr"))) {
    const tail = quietly(() => add("richtext", nextOf(block)))
    write(tail.querySelector("textarea[data-desk-prose]"), rest.map((part) => part.outerHTML).join(""))
  }
  return add(kind, nextOf(block))
}
