// Comments on a passage: select words in the text, and press Ctrl+Alt+M (⌘⌥M) or the button beside them. A passage is
// found again by its words and by what stands around them, as articles/desk/passages.py keeps them.

import { show } from "./prose.js";
import { fieldOf, fields, isRich, mark, say, shownIn, stored, unfold } from "./texts.js";

const LONGEST = 1000
const AROUND = 60
const section = document.getElementById("comments")
const dialog = document.getElementById("desk-passage")
const form = dialog?.querySelector("form")
const button = document.querySelector(".desk-passage-button")
const wrong = dialog?.querySelector(".desk-link__wrong")
const threads = () => [...section.querySelectorAll("[data-exact]")]
const close = (text) => text.replace(/\s+/g, "")
const oneLine = (text) => text.replace(/\s+/g, " ").trim()

// The characters of a text without its spaces, and where each stands.
const charactersOf = (root) => {
  const found = { text: "", places: [] }
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let offset = 0; offset < node.data.length; offset++) {
      if (/\s/.test(node.data[offset])) continue
      found.text += node.data[offset]
      found.places.push([node, offset])
    }
  }
  return found
}

const charactersIn = (field) => {
  if (isRich(field)) return charactersOf(shownIn(field) ?? stored(field.value))
  const places = [...field.value].flatMap((sign, index) => (/\s/.test(sign) ? [] : [[null, index]]))
  return { text: close(field.value), places }
}

const agreeing = (one, other) => {
  let count = 0
  while (count < one.length && count < other.length && one[count] === other[count]) count++
  return count
}
const backwards = (text) => [...text].reverse().join("")

// Where a passage stands now: its own words, those that fit best by what is around them; else what stands between the
// words before and after it, where it was changed.
const placeOf = (passage, texts) => {
  const [exact, prefix, suffix] = [passage.exact, passage.prefix, passage.suffix].map(close)
  let best = null
  for (const [field, { text }] of texts) {
    for (let start = text.indexOf(exact); start >= 0; start = text.indexOf(exact, start + 1)) {
      const end = start + exact.length
      const fit =
        agreeing(backwards(text.slice(Math.max(0, start - AROUND), start)), backwards(prefix)) +
        agreeing(text.slice(end, end + AROUND), suffix)
      if (!best || fit > best.fit) best = { field, start, end, fit, isSame: true }
    }
  }
  if (best || prefix.length < 8 || suffix.length < 8) return best
  for (const [field, { text }] of texts) {
    const before = text.indexOf(prefix.slice(-16))
    const start = before + prefix.slice(-16).length
    const end = before < 0 ? -1 : text.indexOf(suffix.slice(0, 16), start)
    if (end > start && end - start < 2 * exact.length + 100) return { field, start, end, isSame: false }
  }
  return null
}

const rangeAt = ({ field, start, end }, texts) => {
  const { places } = texts.get(field)
  const [first, last] = [places[start], places[end - 1]]
  if (!first?.[0] || !document.contains(first[0])) return null
  const range = document.createRange()
  range.setStart(...first)
  range.setEnd(last[0], last[1] + 1)
  return range
}

const readAll = () => new Map(fields().map((field) => [field, charactersIn(field)]))
let places = new Map()

const paint = () => {
  const all = threads()
  if (!all.length) return mark("desk-passage", [])
  const texts = readAll()
  places = new Map(all.map((thread) => [thread, placeOf(thread.dataset, texts)]))
  const ranges = [...places.values()].filter(Boolean).map((place) => rangeAt(place, texts)).filter(Boolean)
  mark("desk-passage", ranges)
  for (const [thread, place] of places) {
    thread.querySelector(".desk-comment__gone").hidden = Boolean(place?.isSame)
    thread.querySelector(".desk-comment__show").hidden = !place
  }
}
let waiting
const soon = () => {
  clearTimeout(waiting)
  waiting = setTimeout(paint, 400)
}

const lead = (thread) => {
  const place = places.get(thread)
  if (!place) return
  unfold(place.field)
  if (!isRich(place.field)) {
    place.field.focus()
    const { places: at } = charactersIn(place.field)
    place.field.setSelectionRange(at[place.start][1], at[place.end - 1][1] + 1)
    return
  }
  show(place.field)
  const texts = new Map([[place.field, charactersIn(place.field)]])
  const range = rangeAt(place, texts)
  range.startContainer.parentElement.scrollIntoView({ block: "center" })
  mark("desk-passage-now", [range])
  setTimeout(() => mark("desk-passage-now", []), 3000)
}

// What is selected, as a passage

const inRich = () => {
  const selection = document.getSelection()
  if (!selection.rangeCount || selection.isCollapsed) return null
  const range = selection.getRangeAt(0)
  const field = fieldOf(range.startContainer.parentElement)
  const root = field && shownIn(field)
  if (!root?.contains(range.endContainer)) return null
  const [before, after] = [document.createRange(), document.createRange()]
  before.setStart(root, 0)
  before.setEnd(range.startContainer, range.startOffset)
  after.setStart(range.endContainer, range.endOffset)
  after.setEnd(root, root.childNodes.length)
  return { exact: oneLine(String(range)), prefix: oneLine(String(before)), suffix: oneLine(String(after)), range }
}

const inPlain = () => {
  const field = document.activeElement
  if (!field?.matches("input[type=text], textarea") || !fields().includes(field)) return null
  const { value, selectionStart: start, selectionEnd: end } = field
  return { exact: oneLine(value.slice(start, end)), prefix: oneLine(value.slice(0, start)), suffix: oneLine(value.slice(end)) }
}

const selected = () => {
  const passage = inRich() ?? inPlain()
  return passage?.exact ? passage : null
}

let from = null
const open = () => {
  const passage = selected()
  if (!passage) return say("Select the words in the text that you want to comment on.")
  from = document.activeElement
  form.reset()
  form.elements.exact.value = passage.exact
  form.elements.prefix.value = passage.prefix.slice(-AROUND)
  form.elements.suffix.value = passage.suffix.slice(0, AROUND)
  dialog.querySelector("blockquote").textContent = passage.exact
  complain(passage.exact.length > LONGEST ? `Select at most ${LONGEST} characters to comment on.` : "")
  button.hidden = true
  dialog.showModal()
  form.elements.text.focus()
}

const complain = (text) => {
  wrong.textContent = text
  wrong.hidden = !text
}

// Send a form and show the comments anew, without leaving what is being written.
const send = async (sent) => {
  const data = new FormData(sent)
  data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value)
  const response = await fetch(`${sent.action}?part`, { method: "POST", body: data }).catch(() => null)
  if (response?.ok && !response.redirected) {
    section.innerHTML = await response.text()
    paint()
    return ""
  }
  return response?.status === 400 ? await response.text() : "That did not work. Is there a connection, and are you still signed in?"
}

if (section && dialog) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    if (event.submitter?.value === "cancel") return dialog.close()
    if (!form.elements.text.value.trim()) return complain("Write what you want to say.")
    const problem = await send(form)
    if (problem) return complain(problem)
    dialog.close()
    say("Your comment is below the text.")
  })
  dialog.addEventListener("close", () => from?.focus())
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.code !== "KeyM" || !event.altKey || !(event.ctrlKey || event.metaKey) || dialog.open) return
      event.preventDefault()
      event.stopPropagation()
      open()
    },
    { capture: true },
  )
  button.addEventListener("pointerdown", (event) => event.preventDefault()) // what is selected stays so
  button.addEventListener("click", open)
  let pausing
  document.addEventListener("selectionchange", () => {
    clearTimeout(pausing)
    pausing = setTimeout(() => {
      const passage = dialog.open ? null : inRich()
      button.hidden = !passage?.exact
      if (button.hidden) return
      const { right, bottom } = passage.range.getBoundingClientRect()
      button.style.left = `${Math.max(8, Math.min(right, innerWidth - button.offsetWidth - 8))}px`
      button.style.top = `${Math.max(8, Math.min(bottom + 8, innerHeight - button.offsetHeight - 8))}px`
    }, 150)
  })
  document.addEventListener("scroll", () => {
    button.hidden = true
  }, { passive: true, capture: true })
}
if (section) {
  section.addEventListener("submit", async (event) => {
    const sent = event.target.closest("[data-part]")
    if (!sent) return
    event.preventDefault()
    const place = sent.closest("[id^=comment-]")?.id
    const problem = await send(sent)
    if (problem) return say(problem)
    const after = place && document.getElementById(place)
    if (!after) return
    after.tabIndex = -1
    after.focus()
  })
  section.addEventListener("click", (event) => {
    const thread = event.target.closest(".desk-comment__show")?.closest("[data-exact]")
    if (thread) lead(thread)
  })
  for (const name of ["input", "desk:shown", "prose-editor:ready"]) document.addEventListener(name, soon)
  django.jQuery(() => (window.requestIdleCallback ?? setTimeout)(paint))
}
