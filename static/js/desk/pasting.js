// Pasting into a text: what other programs put on the clipboard becomes plain paragraphs, headings, lists and tables, and
// its pictures become blocks. Plain text stays as it is. An image that is dropped on a block becomes one, too.

import { pm } from "django-prose-editor/editor";
import { add, nextOf } from "./blocks.js";
import { read, visible } from "./clipboard/reading.js";
import { choose, upload } from "./images.js";
import { insertAt } from "./inserting.js";
import { offerPlayer } from "./players.js";

const desk = document.querySelector("[data-desk]")
const imagesIn = (data) => [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"))

const fill = (block, image) => {
  if (!block) return null
  choose(block.querySelector('select[data-choice="image"]'), image)
  const alt = block.querySelector('[name$="-alt"]')
  alt.value = image.alt
  if (image.caption) block.querySelector('[name$="-caption"]').value = image.caption
  if (image.link) block.querySelector('[name$="-link"]').value = image.link
  return alt
}

// Text

const isAddress = (text) => /^(?:https?:\/\/|www\.)[^\s<>"]+$/i.test(text)

const insert = (editor, slice) => {
  editor.view.dispatch(editor.state.tr.replaceSelection(slice).scrollIntoView())
}

const pasteText = (editor, text) => {
  const { schema, selection } = editor.state
  const { Fragment, Slice } = pm.model
  const lines = visible(text).split(/[\r\n]+/).filter((line) => line.trim())
  const marks = selection.$from.marks()
  const paragraphs = lines.map((line) => schema.nodes.paragraph.create(null, schema.text(line, marks)))
  insert(editor, new Slice(Fragment.from(paragraphs), lines.length && 1, lines.length && 1))
}

// An address alone becomes a link: of the words that are selected, or else of itself. A player on a line of its own can
// be embedded.
const pasteAddress = async (editor, typed) => {
  const response = await fetch(`${desk.dataset.address}?${new URLSearchParams({ address: typed })}`).catch(() => null)
  const { address, player } = response?.ok ? await response.json() : { address: typed, player: "" }
  const { selection, schema, tr } = editor.state
  const link = schema.marks.link.create({ href: address })
  const words = editor.state.doc.textBetween(selection.from, selection.to, "\n")
  if (words.trim() && !words.includes("\n")) tr.addMark(selection.from, selection.to, link)
  else {
    const { $from } = tr.deleteSelection().selection
    const isAlone = $from.depth === 1 && !$from.parent.content.size
    tr.replaceSelectionWith(schema.text(address, [link, ...$from.marks()]), false)
    if (isAlone && player) queueMicrotask(() => offerPlayer(editor, address, player))
  }
  editor.view.dispatch(tr.removeStoredMark(schema.marks.link).scrollIntoView())
}

// The line of a picture does not run into the paragraph that it is pasted into.
const apart = ({ content, openStart, openEnd }, pictures) => {
  const isPicture = (node) => pictures.some(({ mark }) => mark === node.textContent)
  return new pm.model.Slice(content, isPicture(content.firstChild) ? 0 : openStart, isPicture(content.lastChild) ? 0 : openEnd)
}

const pasteHtml = (editor, data) => {
  const { html, pictures } = read(data.getData("text/html"), {
    rtf: data.getData("text/rtf"),
    tables: Boolean(editor.schema.nodes.table),
    footnotes: Boolean(editor.schema.marks.footnote),
  })
  const { $from } = editor.state.selection
  const slice = html && pm.view.__parseFromClipboard(editor.view, "", html, false, $from)
  if (!slice?.size) return pasteText(editor, data.getData("text/plain"))
  insert(editor, apart(slice, pictures))
  return pastePictures(editor, pictures)
}

// Pictures of a text

const lineOf = (editor, words) => {
  let found = null
  editor.state.doc.descendants((node, place) => {
    if (node.isTextblock && node.textContent === words) found = { from: place + 1, to: place + 1 + words.length }
    return !found
  })
  return found
}

// From the last to the first: what follows a picture goes into a text of its own, and what comes before stays.
const pastePictures = async (editor, pictures) => {
  for (const picture of pictures) if (picture.file) picture.kept = await upload(picture.file)
  for (const picture of [...pictures].reverse()) {
    const line = lineOf(editor, picture.mark)
    if (!line) continue // somebody took it out meanwhile
    const image = picture.kept ?? (picture.source && { src: picture.source, name: picture.name })
    const chain = editor.chain().setTextSelection(line)
    if (image) {
      chain.deleteSelection().run()
      fill(insertAt(editor, "image"), { ...image, alt: picture.alt, caption: picture.caption, link: picture.link })
    } else chain.insertContent({ type: "text", text: `TK picture: ${picture.name}` }).run()
  }
  report(pictures)
}

const report = (pictures) => {
  const elsewhere = pictures.filter((picture) => !picture.kept && picture.source).length
  const lost = pictures.filter((picture) => !picture.kept && !picture.source).map((picture) => picture.name)
  const words = []
  if (elsewhere) words.push(`${elsewhere} of the pictures are kept elsewhere: upload them, or readers get links to them.`)
  if (lost.length) words.push(`Not on the clipboard, insert them as files: ${lost.join(", ")}.`)
  if (words.length) document.querySelector(".desk-told").textContent = words.join(" ") // saving goes on beside it
}

const pasteFiles = async (editor, files) => {
  for (const file of files) {
    const image = await upload(file)
    if (image) fill(insertAt(editor, "image"), image)?.focus()
  }
}

// Word processors put a picture of the text beside the text: where there is text, the text is meant. What comes from one
// of our own texts, or goes into code, is left to the editor.
const pasteInto = (editor, data) => {
  const [text, html, files] = [data.getData("text/plain"), data.getData("text/html"), imagesIn(data)]
  const isOwn = html.includes("data-pm-slice") || data.types.includes("vscode-editor-data")
  if (files.length && !text.trim()) pasteFiles(editor, files)
  else if (isOwn || editor.state.selection.$from.parent.type.spec.code) return false
  else if (isAddress(text.trim()) && editor.schema.marks.link) pasteAddress(editor, text.trim())
  else if (html) pasteHtml(editor, data)
  else if (text) pasteText(editor, text)
  else return false
  return true
}

document.addEventListener(
  "paste",
  (event) => {
    const editor = event.target.closest?.(".inline-related .tiptap")?.editor
    if (!editor?.isEditable || !event.clipboardData || !pasteInto(editor, event.clipboardData)) return
    event.preventDefault()
    event.stopPropagation()
  },
  { capture: true },
)

const blockUnder = (event) =>
  event.dataTransfer?.types.includes("Files") && event.target.closest?.(".order-machine .inline-related")
for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => blockUnder(event) && event.preventDefault(), { capture: true })
}
document.addEventListener(
  "drop",
  async (event) => {
    const block = blockUnder(event)
    const files = imagesIn(event.dataTransfer)
    if (!block || !files.length || event.target.matches('input[type="file"]')) return
    event.preventDefault()
    event.stopPropagation()
    const before = nextOf(block)
    for (const file of files) {
      const image = await upload(file)
      if (image) fill(add("image", before), image)?.focus()
    }
  },
  { capture: true },
)
