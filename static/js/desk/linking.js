// The link dialog of a text, by Ctrl+K or its button: an address, or one of our own articles by its title.
// The field is a combobox as https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ has it.

const desk = document.querySelector("[data-desk]")
const dialog = document.getElementById("desk-link")
const form = dialog?.querySelector("form")
const [words, address] = ["words", "address"].map((name) => dialog?.querySelector(`[name=${name}]`))
const list = dialog?.querySelector("[role=listbox]")
const [said, wrong] = [".desk-link__said", ".desk-link__wrong"].map((name) => dialog?.querySelector(name))
let editor = null
let attributes = {} // of the link that is edited

const isLink = () => editor.isActive("link")
const selected = () => {
  const { from, to } = editor.state.selection
  return editor.state.doc.textBetween(from, to, " ")
}

const open = (of) => {
  editor = of
  if (isLink()) editor.commands.extendMarkRange("link")
  attributes = isLink() ? editor.getAttributes("link") : {}
  address.value = attributes.href ?? ""
  words.value = selected()
  words.disabled = Boolean(words.value) // what is selected may hold more than words; it stays
  dialog.querySelector("h2").textContent = isLink() ? "Edit the link" : "Add a link"
  dialog.querySelector("[value=remove]").hidden = !isLink()
  complain("")
  show([])
  dialog.showModal()
  address.select()
}

// Articles by title

let asked = 0
let timer
const show = (results) => {
  list.replaceChildren(
    ...results.map((result, index) => {
      const option = document.createElement("li")
      option.id = `desk-link-${index}`
      option.setAttribute("role", "option")
      Object.assign(option.dataset, { address: result.address, title: result.title })
      const note = document.createElement("small")
      note.textContent = result.note
      option.append(result.title, note)
      return option
    }),
  )
  list.hidden = !results.length
  address.setAttribute("aria-expanded", String(results.length > 0))
  mark(null)
}

const marked = () => list.querySelector("[aria-selected=true]")
const mark = (option) => {
  marked()?.removeAttribute("aria-selected")
  option?.setAttribute("aria-selected", "true")
  option?.scrollIntoView({ block: "nearest" })
  if (option) address.setAttribute("aria-activedescendant", option.id)
  else address.removeAttribute("aria-activedescendant")
}

const isAddress = (text) => /^(\/|#|[a-z][a-z0-9+.-]*:|[^\s/]+\.[a-z]{2,}([/?#:]|$))/i.test(text)

const search = async () => {
  const term = address.value.trim()
  const number = ++asked
  said.textContent = ""
  if (term.length < 2 || isAddress(term)) return show([])
  const response = await fetch(`${desk.dataset.links}?${new URLSearchParams({ term })}`).catch(() => null)
  if (number !== asked) return // more was typed meanwhile
  const { results } = response?.ok ? await response.json() : { results: [] }
  show(results)
  const count = results.length === 1 ? "1 article" : `${results.length} articles`
  said.textContent = results.length ? `${count} found; choose with the arrow keys.` : "No article has these words in its title."
}

const choose = (option) => {
  address.value = option.dataset.address
  if (!words.value) words.value = option.dataset.title
  show([])
  said.textContent = `${option.dataset.title} is chosen.`
}

address?.addEventListener("input", () => {
  clearTimeout(timer)
  complain("")
  timer = setTimeout(search, 150)
})
address?.addEventListener("keydown", (event) => {
  const options = [...list.children]
  if (list.hidden || !options.length) return
  const at = options.indexOf(marked())
  if (event.key === "ArrowDown") mark(options[(at + 1) % options.length])
  else if (event.key === "ArrowUp") mark(options.at(at < 1 ? at - 1 + options.length : at - 1))
  else if (event.key === "Enter" && marked()) choose(marked())
  else if (event.key === "Escape") show([])
  else return
  event.preventDefault()
})
list?.addEventListener("mousedown", (event) => event.preventDefault()) // the field keeps the focus
list?.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]")
  if (option) choose(option)
})

// What becomes of it

const complain = (text) => {
  wrong.textContent = text
  wrong.hidden = !text
  address.setAttribute("aria-invalid", String(Boolean(text)))
}

const BARE = /^[^\s/:]+\.[a-z]{2,}(:\d+)?([/?#]\S*)?$/i // a site's name without its scheme, which the editor would lose

const problem = (text) => {
  if (!text) return "Write an address, or choose an article."
  if (/^(\/|#|mailto:|tel:|sms:|https?:\/\/)/i.test(text) && !/\s/.test(text)) return ""
  if (BARE.test(text)) return ""
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return "A link starts with https://, mailto:, tel: or sms:, or with / on this site."
  return "This is no address. Choose one of the articles, or write an address that starts with https://."
}

const put = () => {
  const typed = address.value.trim()
  const href = BARE.test(typed) ? `https://${typed}` : typed
  const found = problem(href)
  complain(found)
  if (found) return address.focus()
  dialog.close()
  const mark = { ...attributes, href }
  if (words.disabled) return editor.chain().focus().setMark("link", mark).run()
  const text = words.value.trim() || href
  const { from } = editor.state.selection
  const marks = [...editor.state.selection.$from.marks().map((other) => other.toJSON()), { type: "link", attrs: mark }]
  const kept = marks.filter((other, index) => other.type !== "link" || index === marks.length - 1)
  return editor
    .chain()
    .focus()
    .insertContentAt(from, { type: "text", text, marks: kept })
    .unsetMark("link")
    .run()
}

form?.addEventListener("submit", (event) => {
  event.preventDefault()
  event.stopPropagation()
  const action = event.submitter?.value
  if (action === "cancel") dialog.close()
  else if (action === "remove") {
    dialog.close()
    editor.chain().focus().extendMarkRange("link").unsetMark("link").run()
  } else put()
})
dialog?.addEventListener("close", () => editor?.commands.focus())

const editorAt = (place) => {
  const found = place?.closest?.(".prose-editor")?.querySelector(".tiptap")?.editor
  return found?.isEditable && found.schema.marks.link ? found : null
}
document.addEventListener(
  "keydown",
  (event) => {
    const of = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && editorAt(event.target)
    if (!of || dialog.open) return
    event.preventDefault()
    event.stopPropagation()
    open(of)
  },
  { capture: true },
)
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.('.prose-menubar [data-name="link"]')
    const of = button && editorAt(button)
    if (!of) return
    event.preventDefault()
    event.stopPropagation()
    open(of)
  },
  { capture: true },
)
