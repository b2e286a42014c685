// Footnotes on the clipboard: a number in the text and a note below that link to each other. They become footnotes where
// the number stands or, in an editor that has none, small raised numbers, and a numbered list below a line.

import { all, make, unwrap } from "./elements.js";

const NOTE = "[style*='mso-element:footnote'], [style*='mso-element:endnote'], div[id^=sdfootnote], div[id^=sdendnote], li"

const nameIn = (link) => {
  const name = /#([^#]+)$/.exec(link.getAttribute("href"))?.[1] ?? ""
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

// Where each link within the text leads.
const targetsIn = (root) => {
  const named = new Map()
  for (const element of all(root, "[name], [id]")) {
    for (const name of [element.getAttribute("name"), element.id]) if (name && !named.has(name)) named.set(name, element)
  }
  const links = all(root, 'a[href*="#"]').map((link) => [link, named.get(nameIn(link))])
  return new Map(links.filter(([, target]) => target))
}

const noteOf = (link, target, targets) => {
  const note = target.closest(NOTE) ?? target.closest("p, div, dd")
  if (!note || note.contains(link) || !(link.compareDocumentPosition(note) & Node.DOCUMENT_POSITION_FOLLOWING)) return null
  const place = link.closest("sup") ?? link
  const leadsBack = ([other, end]) => note.contains(other) && (place.contains(end) || end.contains(link))
  return [...targets].some(leadsBack) ? note : null
}

const entryOf = (note, targets) => {
  for (const link of all(note, "a")) if (targets.has(link)) (link.closest("sup") ?? link).remove()
  const entry = make(note, "li", ...note.childNodes)
  const paragraphs = all(entry, ":scope > p")
  if (paragraphs.length === 1) unwrap(paragraphs[0])
  note.remove()
  return entry
}

const trim = (element) => {
  const texts = []
  const walker = element.ownerDocument.createNodeIterator(element, NodeFilter.SHOW_TEXT)
  for (let text = walker.nextNode(); text; text = walker.nextNode()) texts.push(text)
  texts.find((text) => (text.data = text.data.trimStart()))
  texts.findLast((text) => (text.data = text.data.trimEnd()))
}

// A note in the text, its paragraphs as lines of it.
const asFootnote = (entry) => {
  const note = make(entry, "small", ...entry.cloneNode(true).childNodes)
  note.dataset.footnote = ""
  for (const [index, paragraph] of all(note, "p").entries()) {
    if (index) paragraph.before(make(entry, "br"))
    unwrap(paragraph)
  }
  trim(note)
  return note
}

export const readNotes = (root, hasFootnotes) => {
  const targets = targetsIn(root)
  const numbers = new Map()
  const marks = []
  let first = 1
  for (const [link, target] of targets) {
    const note = noteOf(link, target, targets)
    if (!note) continue
    if (!numbers.size) first = Number(/\d{1,4}/.exec(link.textContent)?.[0] ?? 1)
    if (!numbers.has(note)) numbers.set(note, first + numbers.size)
    const place = link.closest("sup") ?? link
    const number = make(root, "sup", String(numbers.get(note)))
    place.replaceWith(number)
    marks.push([number, note])
  }
  if (!numbers.size) return
  for (const rule of all(root, "[style*='note-list'] > hr, [style*='note-list'] > br")) rule.remove()
  const entries = new Map([...numbers.keys()].map((note) => [note, entryOf(note, targets)]))
  if (hasFootnotes) {
    for (const [number, note] of marks) number.replaceWith(asFootnote(entries.get(note)))
    return
  }
  const list = make(root, "ol", ...entries.values())
  if (first > 1) list.setAttribute("start", first)
  root.append(make(root, "hr"), list)
}
