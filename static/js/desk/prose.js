// Shows the text of each rich text field as it will read, and makes its editor when somebody turns to it.
// An article may have 150 of them, and an editor costs what showing a hundred texts does. A field whose editor was
// never made posts what was stored.

import { createEditor } from "django-prose-editor/configurable"

const settings = JSON.parse(document.getElementById("desk-prose-settings").textContent)
const stills = new WeakMap()
const SHOWN = new Set(
  "A B BLOCKQUOTE BR CODE EM H2 H3 H4 HR I LI OL P PRE S SMALL STRONG SUB SUP TABLE TBODY TD TH THEAD TR U UL".split(" "),
)

const KEPT = new Set(["colspan", "rowspan", "data-footnote"])

const isTemplate = (textarea) => textarea.id.includes("__prefix__")
const isWaiting = (textarea) => !textarea.closest(".prose-editor")
const label = (textarea) => {
  const kind = textarea.closest(".inline-related")?.querySelector(":scope > h3 b")?.textContent
  return [kind, textarea.labels[0]?.textContent.replace(":", "")].filter(Boolean).join(": ")
}

// What was typed and refused by the server has not been cleaned: only plain elements are shown, without attributes.
const plain = (html) => {
  const { body } = new DOMParser().parseFromString(html, "text/html")
  for (const element of body.querySelectorAll("*")) {
    if (!SHOWN.has(element.tagName)) element.replaceWith(document.createTextNode(element.textContent))
    for (const { name } of [...element.attributes]) {
      if (!KEPT.has(name)) element.removeAttribute(name)
    }
  }
  return body.childNodes
}

// Show the text of a field that has no editor.
export const show = (textarea) => {
  if (stills.has(textarea) || !isWaiting(textarea)) return
  const still = document.createElement("div")
  still.className = "prose-editor desk-still"
  const text = document.createElement("div")
  text.className = "ProseMirror"
  text.tabIndex = 0
  text.role = "textbox"
  text.ariaMultiLine = "true"
  text.ariaLabel = label(textarea)
  text.append(...plain(textarea.value))
  if (!text.childNodes.length) text.append(document.createElement("p"))
  still.append(text)
  textarea.before(still)
  textarea.classList.add("desk-waiting")
  stills.set(textarea, still)
  still.dispatchEvent(new Event("desk:shown", { bubbles: true }))
}

// Make the editor of a field, if it has none yet; a promise of it.
export const start = async (textarea) => {
  near.unobserve(textarea)
  const made = createEditor(textarea, settings[textarea.dataset.deskProse])
  stills.get(textarea)?.remove()
  stills.delete(textarea)
  textarea.classList.remove("desk-waiting")
  const editor = await made
  editor?.view.dom.setAttribute("aria-label", label(textarea))
  return editor
}

// The editor of a field, where it has one.
const editorOf = (textarea) => textarea.closest(".prose-editor")?.querySelector(".tiptap")?.editor

// Write into a field from outside, whether its editor was made or not.
export const write = (textarea, html) => {
  const editor = editorOf(textarea)
  if (editor) editor.commands.setContent(html, { emitUpdate: true })
  else {
    textarea.value = html
    stills.get(textarea)?.remove()
    stills.delete(textarea)
    show(textarea)
  }
}

// Add blocks without making their editors, and without anybody having asked for them.
let quiet = false
export const isQuiet = () => quiet
export const quietly = (act) => {
  quiet = true
  try {
    return act()
  } finally {
    quiet = false
  }
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) show(target)
    }
  },
  { rootMargin: "1200px 0px" },
)

const fields = (root) => [...root.querySelectorAll("textarea[data-desk-prose]")].filter((field) => !isTemplate(field))
const turnedTo = (event) => {
  const still = event.target.closest?.(".desk-still")
  return still && fields(still.parentElement).find((textarea) => stills.get(textarea) === still)
}

// A pointer that rests on a text is about to press: the press then meets the editor, which sets its caret. One that
// only passes, as it does while the page is scrolled, starts nothing.
let resting
document.addEventListener("pointerover", (event) => {
  clearTimeout(resting)
  const textarea = !event.buttons && turnedTo(event)
  if (textarea) resting = setTimeout(() => isWaiting(textarea) && start(textarea), 60)
})
let pressed = false // on a text that is an editor now; the browser would give the focus to what was there
document.addEventListener("pointerdown", async (event) => {
  const textarea = turnedTo(event)
  pressed = Boolean(textarea) && event.pointerType === "mouse"
  if (!textarea) return
  const editor = await start(textarea)
  if (event.pointerType !== "mouse") return // a finger may only be scrolling; its tap meets the editor
  const place = editor.view.posAtCoords({ left: event.clientX, top: event.clientY })
  editor.commands.focus(place?.pos ?? "end")
})
document.addEventListener("mousedown", (event) => {
  if (pressed) event.preventDefault()
  pressed = false
})
document.addEventListener("focusin", async (event) => {
  const textarea = turnedTo(event)
  if (textarea) (await start(textarea))?.commands.focus("start")
})
document.addEventListener("formset:added", async (event) => {
  const [first, ...others] = fields(event.target)
  for (const textarea of others) near.observe(textarea)
  if (!first || quiet) return
  const before = event.target.querySelector("fieldset :is(input, select):not([type=hidden])")
  const editor = await start(first)
  if (!before) editor?.commands.focus("end")
})

const begin = () => {
  const all = fields(document)
  for (const textarea of all) near.observe(textarea)
  const highest = all.find((textarea) => !textarea.closest(".collapsed"))
  if (highest) start(highest)
}
django.jQuery(begin) // after the content editor, which waits in the same line
