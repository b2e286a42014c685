// Words, reading time and unfinished marks, counted while one writes.

const WORDS_PER_MINUTE = 230
const UNFINISHED = /(?<!\w)(?:TK|TKTK|TODO|FIXME|XXX|lorem ipsum)(?!\w)/g
const TEXTS = ["html", "answer", "question", "text", "heading", "body", "caption", "csv", "code"]
const fields = TEXTS.map((name) => `.order-machine .inline-related:not(.empty-form, .desk-removed) [name$="-${name}"]`).join(", ")
const known = new WeakMap()

const wordsOf = (text) => text.split(/\s+/).filter(Boolean).length
const plain = (field) => (field.dataset.deskProse ? field.value.replace(/<[^>]+>/g, " ") : field.value)

// Only what changed is counted anew.
const countOf = (field) => {
  const before = known.get(field)
  if (before?.value === field.value) return before
  const text = plain(field)
  const isNote = field.name.endsWith("-code") || field.name.endsWith("-csv")
  const now = { value: field.value, words: isNote ? 0 : wordsOf(text), marks: text.match(UNFINISHED)?.length ?? 0 }
  known.set(field, now)
  return now
}

const place = document.querySelector(".desk-count")
const count = () => {
  let words = 0
  let marks = 0
  for (const field of [...document.querySelectorAll(fields), ...document.querySelectorAll("#id_title, #id_standfirst")]) {
    const found = countOf(field)
    if (field.name.startsWith("block-")) words += found.words
    marks += found.marks
  }
  const minutes = Math.max(1, Math.ceil(words / WORDS_PER_MINUTE))
  const said = [`${words.toLocaleString("en")} ${words === 1 ? "word" : "words"}`, `${minutes} min to read`]
  if (marks) said.push(`${marks} unfinished ${marks === 1 ? "mark" : "marks"}`)
  place.textContent = said.join(" · ")
  place.classList.toggle("desk-count--unfinished", marks > 0)
}

// The head of a block says its first words, by which to tell it from others when it is folded.
const head = (block) => {
  const field = [...block.querySelectorAll(TEXTS.map((name) => `[name$="-${name}"]`).join(", "))].find((one) => one.value)
  const holder = document.createElement("textarea") // reads entities, runs nothing
  holder.innerHTML = field ? plain(field) : ""
  const words = holder.value.replace(/\s+/g, " ").trim().slice(0, 80)
  if (words) block.querySelector(".inline_label").textContent = words
}

let waiting
const typedInto = new Set()
const soon = (event) => {
  const block = event.target.closest?.(".order-machine > .inline-related")
  if (block) typedInto.add(block)
  clearTimeout(waiting)
  waiting = setTimeout(() => {
    for (const one of typedInto) head(one)
    typedInto.clear()
    count()
  }, 300)
}

if (place) {
  django.jQuery(() => {
    document.querySelector(".tabs.regions")?.prepend(place)
    ;(window.requestIdleCallback ?? setTimeout)(count)
  })
  document.addEventListener("input", soon)
  document.addEventListener("change", soon)
}
