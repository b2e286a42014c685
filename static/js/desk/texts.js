// The texts of an article at the desk, in the order in which they are read: plain fields, and rich ones as they are shown
// or, where nobody has turned to them yet, as they are stored.

const PLAIN = ["question", "text", "heading", "body", "label", "attribution", "caption", "title", "alt", "credit", "csv", "code"]
const HEAD = "#id_title, #id_standfirst"
const BESIDE = [
  "cover_alt", "cover_caption", "cover_credit", "seo_title", "seo_description", "social_title", "corrections",
].map((name) => `#id_${name}`).join(", ")
const BLOCK = ".order-machine > .inline-related:not(.empty-form, .desk-removed)"
const IN_BLOCKS = [
  `${BLOCK} textarea[data-desk-prose]`,
  ...PLAIN.map((name) => `${BLOCK} [name$="-${name}"]:is(textarea, input[type=text])`),
].join(", ")
const LINES = "p, h2, h3, h4, li, td, th, pre, blockquote, dt, dd"

export const isRich = (field) => Boolean(field.dataset.deskProse)
export const fields = () => [
  ...document.querySelectorAll(HEAD),
  ...document.querySelectorAll(IN_BLOCKS),
  ...document.querySelectorAll(BESIDE),
]

// Where the text of a rich field is shown: in its editor, or before that as still text; null where it is not yet.
export const shownIn = (field) => {
  const editor = field.closest(".prose-editor")
  if (editor) return editor.querySelector(".tiptap")
  const still = field.previousElementSibling
  return still?.matches(".desk-still") ? still.querySelector(".ProseMirror") : null
}

export const fieldOf = (element) => {
  const editor = element?.closest?.(".prose-editor")
  if (!editor) return null
  const field = editor.querySelector("textarea[data-desk-prose]") ?? editor.nextElementSibling
  return field?.matches("textarea[data-desk-prose]") ? field : null
}

export const stored = (html) => {
  const holder = document.createElement("template")
  holder.innerHTML = html
  return holder.content
}

// The lines of a text: what a match cannot reach beyond. Each has its words, and the text nodes that they are in.
export const linesOf = (root) => {
  const lines = []
  let owner = null
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (node.matches("br")) owner = null
      continue
    }
    const of = node.parentElement?.closest(LINES) ?? root
    if (!owner || owner !== of) lines.push({ words: "", nodes: [] })
    owner = of
    const line = lines.at(-1)
    line.nodes.push({ node, start: line.words.length })
    line.words += node.data
  }
  return lines
}

// A stretch of a line as a range of the page.
export const rangeOf = (line, start, end) => {
  const range = document.createRange()
  const at = (place, isEnd) => line.nodes.findLast((part) => (isEnd ? part.start < place : part.start <= place)) ?? line.nodes[0]
  const [first, last] = [at(start, false), at(end, true)]
  range.setStart(first.node, start - first.start)
  range.setEnd(last.node, end - last.start)
  return range
}

// Mark ranges, where the browser can; without touching the text, which the editor owns.
export const mark = (name, ranges) => {
  if (!CSS.highlights) return
  if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges))
  else CSS.highlights.delete(name)
}

// Make a field visible that stands in a folded block or fieldset.
export const unfold = (field) => {
  for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true
  const block = field.closest(".inline-related.collapsed")
  block?.querySelector(":scope > h3").click()
}

export const say = (text) => {
  document.querySelector(".desk-says").textContent = text
}
