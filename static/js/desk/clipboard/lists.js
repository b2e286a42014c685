// Lists on the clipboard: Word's, which are paragraphs with a style; those of Word on the web, a list around each item;
// and those of Google Docs, whose inner lists stand beside the item that they belong to.

import { all, make, styleOf, unwrap } from "./elements.js";

const NUMBER = /^\(?(?:(\d{1,4})|[a-z]|[ivxlcdm]{1,7})[.)]/i

const isMark = (element) => styleOf(element, "mso-list").startsWith("ignore")

const levelOf = (element) => Number(/level(\d)/.exec(styleOf(element, "mso-list"))?.[1] ?? 0)

// The items that an element of Word's stands for: itself, or those of a list that Word made of some inner ones.
const itemsOf = (element) =>
  (element.matches("ul, ol") ? all(element, "li") : [element]).map((entry) => {
    const mark = all(entry, "[style]").find(isMark)
    const number = NUMBER.exec(mark?.textContent.trim() ?? "")
    mark?.remove()
    const tag = number || entry.matches("ol > li") ? "ol" : "ul"
    return { level: levelOf(entry) || 1, tag, start: Number(number?.[1] ?? 1), content: [...entry.childNodes] }
  })

// The lists that items of several levels make.
const nest = (near, items) => {
  const made = []
  const open = [] // the list of each level, down to the current one
  const isOver = (last, item) => last && (last.level > item.level || (last.level === item.level && last.tag !== item.tag))
  for (const item of items) {
    while (isOver(open.at(-1), item)) open.pop()
    if (open.at(-1)?.level !== item.level) {
      const list = make(near, item.tag)
      if (item.tag === "ol" && item.start > 1) list.setAttribute("start", item.start)
      if (open.length) open.at(-1).list.lastElementChild.append(list)
      else made.push(list)
      open.push({ level: item.level, tag: item.tag, list })
    }
    open.at(-1).list.append(make(near, "li", ...item.content))
  }
  return made
}

// Elements in groups of those that stand one after the other.
const runs = (elements) => {
  const found = []
  for (const element of elements) {
    if (element.previousElementSibling && found.at(-1)?.at(-1) === element.previousElementSibling) found.at(-1).push(element)
    else found.push([element])
  }
  return found
}

const replace = (run, items) => {
  run[0].before(...nest(run[0], items))
  for (const element of run) element.remove()
}

// Those of Word on the web, in which every item has a list of its own.
const itemsOnTheWeb = (list) =>
  [...list.children].map((entry) => {
    const level = Number(entry.dataset.ariaLevel) || 1
    return { level, tag: list.localName, start: list.start || 1, content: [...entry.childNodes] }
  })

export const readLists = (root) => {
  const isItem = (each) => {
    if (!each.matches("ul, ol")) return levelOf(each)
    return !each.matches(":is(ul, ol) *") && !each.querySelector("li li") && levelOf(each.querySelector("li") ?? each)
  }
  for (const run of runs(all(root, "p, div, ul, ol").filter(isItem))) replace(run, run.flatMap(itemsOf))
  for (const mark of all(root, "[style]").filter(isMark)) mark.remove() // of numbered headings
  for (const wrapper of all(root, ".ListContainerWrapper")) unwrap(wrapper)
  const onTheWeb = all(root, "ul, ol").filter((list) => list.querySelector(":scope > li[data-aria-level]"))
  for (const run of runs(onTheWeb)) replace(run, run.flatMap(itemsOnTheWeb))
}

export const joinLists = (root) => {
  for (const inner of all(root, ":is(ul, ol) > :is(ul, ol)")) {
    if (inner.previousElementSibling?.matches("li")) inner.previousElementSibling.append(inner)
    else unwrap(inner)
  }
  for (const stray of all(root, "li")) if (!stray.closest("ul, ol")) unwrap(stray)
}
