// Find and replace in all texts of an article: Ctrl+H (⌘⇧H on a Mac), or its button. What was replaced can be undone.

import { show, write } from "./prose.js";
import { fields, isRich, linesOf, mark, rangeOf, shownIn, stored, unfold } from "./texts.js";

const panel = document.getElementById("desk-find")
const opener = document.querySelector(".desk-find-open")
const [find, replace] = ["find", "replace"].map((name) => panel?.querySelector(`#desk-${name}-words`))
const said = panel?.querySelector(".desk-find__said")
const undoButton = panel?.querySelector("[data-act=undo]")
const done = [] // what was replaced: lists of fields, each with its text before and after
let found = []
let at = -1

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/[ \u00a0]/g, "[ \\u00a0]")
const pattern = () => {
  if (!find.value) return null
  const words = escaped(find.value)
  const whole = panel.querySelector("[name=whole]").checked ? `(?<![\\p{L}\\p{N}_])${words}(?![\\p{L}\\p{N}_])` : words
  return new RegExp(whole, panel.querySelector("[name=case]").checked ? "gu" : "giu")
}

const linesIn = (field) => (isRich(field) ? linesOf(stored(field.value)) : [{ words: field.value, nodes: [] }])

// All matches, in the order in which they are read.
const search = () => {
  found = [] // nothing of an earlier search is replaced, whatever becomes of this one
  const words = pattern()
  found = words
    ? fields().flatMap((field) =>
        linesIn(field).flatMap((line, number) =>
          [...line.words.matchAll(words)].map((match) => ({
            field, line: number, start: match.index, end: match.index + match[0].length,
          })),
        ),
      )
    : []
}

const tell = (words) => {
  const count = found.length
  const place = at >= 0 ? `${at + 1} of ${count}` : `${count} found`
  said.textContent = words ?? (!find.value ? "" : count ? place : "Nothing found")
  for (const button of panel.querySelectorAll("[data-needs]")) button.disabled = !count
  undoButton.disabled = !done.length
}

const rangeAt = ({ field, line, start, end }) => {
  const root = shownIn(field)
  const lines = root ? linesOf(root) : []
  return lines[line]?.words.length >= end ? rangeOf(lines[line], start, end) : null
}

const paint = () => {
  const ranges = panel.open ? found.filter(({ field }) => isRich(field)).map(rangeAt).filter(Boolean) : []
  const now = panel.open && found[at]
  mark("desk-found", ranges)
  mark("desk-found-now", now && isRich(now.field) ? [rangeAt(now)].filter(Boolean) : [])
  for (const field of document.querySelectorAll(".desk-found-field")) field.classList.remove("desk-found-field")
  if (now && !isRich(now.field)) now.field.classList.add("desk-found-field")
}

const go = (to) => {
  at = found.length ? (to + found.length) % found.length : -1
  const now = found[at]
  if (now) {
    unfold(now.field)
    if (isRich(now.field)) show(now.field)
    const range = isRich(now.field) && rangeAt(now)
    const place = range ? range.startContainer.parentElement : now.field
    place.scrollIntoView({ block: "center" })
    if (!isRich(now.field)) now.field.setSelectionRange(now.start, now.end)
  }
  paint()
  tell()
}

const again = () => {
  const before = found[at]
  search()
  const same = before ? found.findIndex(({ field, line, start }) => field === before.field && line === before.line && start >= before.start) : -1
  at = same
  paint()
  tell()
}

let isOurs = false // what changes is what we replace
const put = (field, value) => {
  isOurs = true
  if (isRich(field)) write(field, value)
  else field.value = value
  field.dispatchEvent(new Event("input", { bubbles: true }))
  isOurs = false
}

// The text of a field with some of its matches replaced. A match that runs through several marks takes the first one's.
const replaced = (field, matches) => {
  const words = replace.value
  const backwards = [...matches].reverse() // so that the places of those before stay
  if (!isRich(field)) {
    return backwards.reduce((text, { start, end }) => text.slice(0, start) + words + text.slice(end), field.value)
  }
  const content = stored(field.value)
  for (const { line, start, end } of backwards) {
    const range = rangeOf(linesOf(content)[line], start, end)
    const { startContainer, startOffset } = range
    range.deleteContents()
    startContainer.insertData(startOffset, words)
  }
  const holder = document.createElement("div")
  holder.append(content)
  return holder.innerHTML
}

const replaceThese = (matches) => {
  const changes = []
  for (const [field, own] of Map.groupBy(matches, (match) => match.field)) {
    const before = field.value
    put(field, replaced(field, own))
    changes.push({ field, before, after: field.value })
  }
  done.push(changes)
}

const ACTS = {
  next: () => go(at + 1),
  previous: () => go(at < 0 ? -1 : at - 1),
  one: () => {
    if (at < 0) return go(0)
    const place = at
    replaceThese([found[at]])
    search()
    // Go on behind what was put in, which may itself hold what is looked for.
    const isStill = replace.value.match(pattern())?.length ?? 0
    go(place + isStill)
    if (!found.length) tell("Replaced. That was the last one.")
  },
  all: () => {
    const count = found.length
    const texts = new Set(found.map(({ field }) => field)).size
    replaceThese(found)
    search()
    at = -1
    paint()
    tell(`${count} replaced in ${texts} ${texts === 1 ? "text" : "texts"}.`)
  },
  undo: () => {
    const changes = done.pop() ?? []
    const kept = changes.filter(({ field, after }) => field.value !== after || !field.isConnected)
    for (const change of changes) if (!kept.includes(change)) put(change.field, change.before)
    search()
    at = -1
    paint()
    tell(kept.length ? `Taken back, but for ${kept.length} changed since.` : "Taken back.")
  },
  close: () => {
    panel.close()
    paint()
    from?.focus()
  },
}

let from = null
const open = () => {
  const selected = String(document.getSelection()).trim()
  if (!panel.open) from = document.activeElement
  panel.show()
  if (selected && !selected.includes("\n") && selected.length < 200) find.value = selected
  search()
  at = -1
  paint()
  tell()
  find.focus()
  find.select()
}

const IS_MAC = /Mac|iP/.test(navigator.platform)
if (panel && opener) {
  opener.hidden = false
  django.jQuery(() => document.querySelector(".machine-collapse")?.before(opener))
  opener.addEventListener("click", open)
  document.addEventListener(
    "keydown",
    (event) => {
      const wanted = IS_MAC ? event.metaKey && event.shiftKey : event.ctrlKey && !event.shiftKey
      if (!wanted || event.altKey || event.key.toLowerCase() !== "h" || document.querySelector("dialog:modal")) return
      event.preventDefault()
      event.stopPropagation()
      open()
    },
    { capture: true },
  )
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") ACTS.close()
    else if (event.key === "Enter" && event.target === find) ACTS[event.shiftKey ? "previous" : "next"]()
    else if (event.key === "Enter" && event.target === replace) ACTS.one()
    else return
    event.preventDefault()
    event.stopPropagation()
  })
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && panel.open && !event.defaultPrevented) ACTS.close()
  })
  panel.addEventListener("click", (event) => {
    const act = event.target.closest("[data-act]")?.dataset.act
    if (!act) return
    ACTS[act]()
    if (panel.open && event.target.closest("[data-act]").disabled) find.focus() // its button can do nothing more
  })
  panel.addEventListener("input", (event) => {
    event.stopPropagation() // nothing of this is part of the article
    if (event.target === replace) return
    search()
    at = -1
    paint()
    tell()
  })
  let waiting
  document.addEventListener("input", (event) => {
    if (!panel.open || isOurs || panel.contains(event.target)) return
    clearTimeout(waiting)
    waiting = setTimeout(again, 200)
  })
  document.addEventListener("desk:shown", () => panel.open && paint())
}
