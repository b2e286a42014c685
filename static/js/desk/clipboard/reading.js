// What other programs put on the clipboard as HTML, as plain elements: paragraphs, headings, lists, tables, links, bold.
// Each step undoes one habit of word processors, spreadsheets and web pages.

import { BLOCKS, all, enclose, isBlank, isHeavy, make, readRules, rename, styleOf, unwrap, wrap } from "./elements.js";
import { joinLists, readLists } from "./lists.js";
import { readNotes } from "./notes.js";
import { place, readPictures } from "./pictures.js";
import { readTables } from "./tables.js";

const WRAPPERS = "div, section, article, main, header, footer, aside, nav, figure, details, address, center, form, fieldset, dl"
const UNSEEN =
  "script, style, meta, link, title, noscript, template, svg, math, button, input, select, textarea, object, embed, canvas, " +
  "audio, video, wbr, [hidden], .EOP, .Apple-interchange-newline, [aria-roledescription=checkbox]"
const KEPT = { a: ["href", "title"], td: ["colspan", "rowspan"], th: ["colspan", "rowspan"], ol: ["start"], small: ["data-footnote"] }
const HEADINGS = "h1, h2, h3, h4, h5, h6"
const LINES = "p, h2, h3, h4, li, td, th"

const dropUnseen = (root) => {
  const comments = root.ownerDocument.createNodeIterator(root, NodeFilter.SHOW_COMMENT)
  for (let comment = comments.nextNode(); comment; comment = comments.nextNode()) comment.remove()
  for (const element of all(root, UNSEEN)) element.remove()
  for (const element of all(root, "[style]")) {
    if (styleOf(element, "display") === "none" || styleOf(element, "mso-hide") === "all") element.remove()
  }
  for (const drawing of all(root, "v\\:imagedata[src]")) {
    const image = make(root, "img")
    image.setAttribute("src", drawing.getAttribute("src"))
    image.alt = drawing.parentElement.getAttribute("alt") ?? ""
    drawing.before(image)
  }
  for (const player of all(root, "iframe")) {
    const link = make(root, "a", player.src)
    link.href = player.src
    player.replaceWith(/^https?:/.test(player.src) ? make(root, "p", link) : "")
  }
  for (const element of all(root, "*")) if (element.tagName.includes(":") || element.matches("font")) unwrap(element)
}

// Bold and italic that are said by a style; and <b style="font-weight: normal">, which Google Docs puts around all.
const readMarks = (root) => {
  for (const element of all(root, "span, a, b, strong, i, em, u, ins")) {
    const weight = styleOf(element, "font-weight")
    const line = styleOf(element, "text-decoration(?:-line)?")
    if (element.matches("span, a")) {
      if (isHeavy(weight)) wrap(element, "strong")
      if (/^(italic|oblique)/.test(styleOf(element, "font-style"))) wrap(element, "em")
      if (line.includes("line-through")) wrap(element, "s")
      if (line.includes("underline") && !element.closest("a") && !element.querySelector("a")) wrap(element, "u")
      const height = /^su(?:per|b)/.exec(styleOf(element, "vertical-align"))?.[0]
      if (height) wrap(element, height.slice(0, 3).replace("per", "p"))
      if (element.matches("span")) unwrap(element)
    } else if (element.matches("b, strong") && /^(normal|[1-5]00)/.test(weight)) unwrap(element)
    else if (element.matches("i, em") && styleOf(element, "font-style") === "normal") unwrap(element)
    else if (element.matches("u, ins") && line.startsWith("none")) unwrap(element)
  }
}

// Below the article's title, which alone is of level 1. A single one in what is pasted is the title of that.
const readHeadings = (root) => {
  for (const heading of all(root, "[role=heading][aria-level]:not(h1, h2, h3, h4, h5, h6)")) {
    rename(heading, `h${Math.min(Number(heading.getAttribute("aria-level")) || 2, 6)}`)
  }
  for (const title of all(root, "p.MsoTitle")) rename(title, "h1")
  for (const quote of all(root, "p.MsoQuote, p.MsoIntenseQuote")) wrap(rename(quote, "blockquote"), "p")
  const step = root.querySelectorAll("h1").length > 1 ? 1 : 0
  for (const heading of all(root, HEADINGS)) {
    rename(heading, `h${Math.min(Math.max(Number(heading.tagName[1]) + step, 2), 4)}`)
  }
}

// Marks that say nothing: headings are bold and links are underlined as they are.
const dropNeedless = (root) => {
  for (const mark of all(root, ":is(h2, h3, h4, th) :is(b, strong, u), a u, sup sup, sub sub, :is(b, strong) strong, :is(i, em) em")) {
    unwrap(mark)
  }
  for (const link of all(root, "a")) {
    if (!/^(https?:|mailto:|tel:|sms:|\/|[\w-]+\.)/i.test(link.getAttribute("href") ?? "")) unwrap(link)
  }
}

// Every block stands for itself, in no wrapper; words between blocks become paragraphs.
const flatten = (root) => {
  for (const title of all(root, "summary, dt")) wrap(rename(title, "p"), "strong")
  for (const text of all(root, "dd")) rename(text, "p")
  for (const wrapper of all(root, WRAPPERS).reverse()) {
    const holdsBlocks = wrapper.querySelector(BLOCKS)
    if (holdsBlocks) enclose(wrapper)
    if (holdsBlocks || wrapper.closest("p, h2, h3, h4")) unwrap(wrapper)
    else rename(wrapper, "p")
  }
  for (const inner of all(root, ":is(p, h2, h3, h4) p")) unwrap(inner)
  for (const outer of all(root, ":is(a, b, strong, i, em, u, s):has(p, h2, h3, h4, ul, ol, table)")) unwrap(outer)
  if (root.querySelector(`${BLOCKS}, img`)) enclose(root)
}

// A no-break space belongs before a unit and in French punctuation; elsewhere it came with the clipboard. What joins
// letters or marks their direction belongs to their script.
export const visible = (text) => text.replace(/[\u00ad\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g, "")
const readWords = (root) => {
  const texts = root.ownerDocument.createNodeIterator(root, NodeFilter.SHOW_TEXT)
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    text.data = visible(text.data)
    if (text.parentElement.closest("pre")) continue
    text.data = text.data
      .replace(/\s+/g, (spaces) => (/^[\u00a0\u202f]$/.test(spaces) ? spaces : " "))
      .replace(/(?<![\d«])[\u00a0\u202f](?![\d»;:!?%€])/g, " ")
  }
}

// Two line breaks in a row were meant to end a paragraph; at the edges of a line they mean nothing.
const readBreaks = (root) => {
  for (const line of all(root, "pre br")) line.replaceWith("\n")
  for (const paragraph of all(root, "p")) {
    const parts = [[]]
    let breaks = []
    for (const node of paragraph.childNodes) {
      if (node.nodeName === "BR") breaks.push(node)
      else if (!breaks.length || node.nodeType !== Node.TEXT_NODE || node.data.trim()) {
        if (breaks.length > 1) parts.push([])
        else parts.at(-1).push(...breaks)
        breaks = []
        parts.at(-1).push(node)
      }
    }
    paragraph.replaceWith(...parts.map((nodes) => make(root, "p", ...nodes)))
  }
  for (const line of all(root, "br")) {
    for (const beside of [line.previousSibling, line.nextSibling]) {
      if (beside?.nodeType === Node.TEXT_NODE) beside.data = beside === line.previousSibling ? beside.data.trimEnd() : beside.data.trimStart()
    }
  }
  const isEdge = (node) => node?.nodeName === "BR" || (node?.nodeType === Node.TEXT_NODE && !node.data.trim())
  for (const line of all(root, LINES)) {
    while (isEdge(line.firstChild)) line.firstChild.remove()
    while (isEdge(line.lastChild)) line.lastChild.remove()
  }
}

const dropEmpty = (root) => {
  for (const element of all(root, "*").reverse()) {
    if (element.matches("br, hr, td, th, tr, thead, tbody, table") || !isBlank(element)) continue
    if (element.matches("p, h2, h3, h4, li, ul, ol, blockquote, pre")) element.remove()
    else unwrap(element) // the space between two words may be bold
  }
}

const dropAttributes = (root) => {
  for (const element of all(root, "*")) {
    for (const { name } of [...element.attributes]) if (!KEPT[element.localName]?.includes(name)) element.removeAttribute(name)
  }
}

// HTML from a clipboard as plain HTML; and the pictures in it, each where a paragraph is its mark.
export const read = (html, { rtf = "", tables = true, footnotes = false } = {}) => {
  const { body } = new DOMParser().parseFromString(html, "text/html")
  readRules(body.ownerDocument)
  readLists(body)
  readNotes(body, footnotes)
  dropUnseen(body)
  joinLists(body)
  readTables(body, tables)
  const pictures = readPictures(body, rtf)
  readMarks(body)
  readHeadings(body)
  dropNeedless(body)
  flatten(body)
  place(pictures, body)
  readWords(body)
  readBreaks(body)
  dropEmpty(body)
  dropAttributes(body)
  return { html: body.innerHTML.trim(), pictures }
}
