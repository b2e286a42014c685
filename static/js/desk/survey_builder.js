// The survey builder: dragging in the outline, rows that come and go, comparisons that fit the question, a preview that
// follows. Without this the same form has numbers for places, blank rows, and buttons that save.

const form = document.querySelector("#builder")
const say = (text) => {
  form.querySelector(".builder__says").textContent = text
}
const changed = (element) => element.dispatchEvent(new Event("input", { bubbles: true }))

// Press a button that is not on the page: save what was typed, and do this.
const press = (value) => {
  const button = document.createElement("button")
  button.name = "do"
  button.value = value
  button.hidden = true
  form.append(button)
  form.requestSubmit(button)
}

// The outline, by hand

let dragged = null
let from = ""
const rowsIn = (list) => [...list.querySelectorAll(":scope > [data-key]")]

const placeOf = (row) => {
  const list = row.closest(".outline__questions")
  return `${list.dataset.page}:${rowsIn(list).indexOf(row)}`
}

const pagePlaceOf = (page) => [...page.parentElement.querySelectorAll(":scope > .outline__page")].indexOf(page)

const outline = () => {
  for (const row of form.querySelectorAll(".outline__row")) {
    if (row.querySelector(".outline__tools")) row.querySelector(".outline__grip").draggable = true
  }
  form.addEventListener("dragstart", (event) => {
    const row = event.target.closest?.(".outline__grip")?.closest(".outline__row")
    if (!row) return
    dragged = row.classList.contains("outline__row--page") ? row.closest(".outline__page") : row
    from = dragged === row ? placeOf(row) : String(pagePlaceOf(dragged))
    dragged.classList.add("outline__dragged")
    event.dataTransfer.setData("text/plain", row.dataset.key)
    event.dataTransfer.setDragImage(row, 10, 10)
    event.dataTransfer.effectAllowed = "move"
  })
  form.addEventListener("dragover", (event) => {
    if (!dragged) return
    const isPage = dragged.classList.contains("outline__page")
    const over = event.target.closest?.(isPage ? ".outline__page" : ".outline__questions > .outline__row, .outline__page")
    if (!over) return
    event.preventDefault()
    if (over === dragged || over.contains(dragged) && !over.matches(".outline__page")) return
    if (!isPage && over.matches(".outline__page")) {
      const list = over.querySelector(".outline__questions")
      if (!list.contains(dragged) || !list.children.length) list.append(dragged)
      return
    }
    const box = over.getBoundingClientRect()
    over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged)
  })
  form.addEventListener("drop", (event) => dragged && event.preventDefault())
  form.addEventListener("dragend", () => {
    if (!dragged) return
    const moved = dragged
    dragged = null
    moved.classList.remove("outline__dragged")
    const isPage = moved.classList.contains("outline__page")
    const to = isPage ? String(pagePlaceOf(moved)) : placeOf(moved)
    if (to === from) return
    press(isPage ? `place:${moved.dataset.page}::${to}` : `place:${moved.dataset.key}:${to}`)
  })
}

// Answers to choose from: rows to add, move and take out

const tool = (act, sign, name) => {
  const button = document.createElement("button")
  button.type = "button"
  button.dataset.act = act
  button.textContent = sign
  button.title = button.ariaLabel = name
  return button
}

const equip = (row) => {
  if (row.querySelector(".choices__tools")) return
  const tools = document.createElement("span")
  tools.className = "choices__tools"
  tools.append(tool("up", "↑", "Move up"), tool("down", "↓", "Move down"))
  if (!row.querySelector("[readonly]")) tools.append(tool("remove", "✕", "Take out"))
  row.append(tools)
}

const renumber = (root) => {
  for (const [index, row] of [...root.querySelectorAll(".choices__row")].entries()) {
    row.querySelector(".choices__place input").value = index + 1
  }
  changed(root)
}

const addChoice = (root, after = null, text = "") => {
  const row = root.querySelector("template").content.firstElementChild.cloneNode(true)
  if (after) after.after(row)
  else root.querySelector(".choices__rows").append(row)
  row.querySelector(".choices__text").value = text
  equip(row)
  row.dispatchEvent(new Event("formset:added", { bubbles: true }))
  return row
}

const choices = (root) => {
  root.classList.add("choices--live")
  for (const row of root.querySelectorAll(".choices__row")) equip(row)
  const add = root.querySelector(".choices__add")
  add.hidden = false
  add.addEventListener("click", () => {
    addChoice(root).querySelector(".choices__text").focus()
    renumber(root)
  })
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]")
    if (!button) return
    const row = button.closest(".choices__row")
    const name = row.querySelector(".choices__text").value || "the empty line"
    if (button.dataset.act === "remove") {
      const near = row.nextElementSibling ?? row.previousElementSibling ?? addChoice(root)
      row.remove()
      near.querySelector(".choices__text").focus()
      say(`${name} was taken out.`)
    } else {
      if (button.dataset.act === "up") row.previousElementSibling?.before(row)
      else row.nextElementSibling?.after(row)
      button.focus()
      say(`${name} is number ${[...row.parentElement.children].indexOf(row) + 1} now.`)
    }
    renumber(root)
  })
  // Enter goes on to the next line; several lines that are pasted become several answers.
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches(".choices__text")) return
    event.preventDefault()
    const row = event.target.closest(".choices__row")
    const next = row.nextElementSibling ?? addChoice(root, row)
    next.querySelector(".choices__text").focus()
    renumber(root)
  })
  root.addEventListener("paste", (event) => {
    const lines = event.clipboardData.getData("text/plain").split(/\r?\n/).map((line) => line.trim()).filter(Boolean)
    if (lines.length < 2 || !event.target.matches(".choices__text:not([readonly])")) return
    event.preventDefault()
    let row = event.target.closest(".choices__row")
    if (!event.target.value) event.target.value = lines.shift()
    for (const line of lines) {
      const next = row.nextElementSibling
      if (next && !next.querySelector(".choices__text").value) {
        next.querySelector(".choices__text").value = line
        row = next
      } else row = addChoice(root, row, line)
    }
    renumber(root)
    row.querySelector(".choices__text").focus()
  })
}

// Comparisons: only those that the question takes, with its own answers

const menuElement = document.querySelector("#builder-menu")
const menu = menuElement ? JSON.parse(menuElement.textContent) : {}
const BARE = ["answered", "not_answered"]

const fit = (row, isNew) => {
  const [question, operator] = [row.querySelector(".condition__question"), row.querySelector(".condition__operator")]
  const about = menu[question.value]
  row.classList.toggle("condition__row--blank", !question.value)
  if (about && isNew) {
    operator.replaceChildren(...about.operators.map(([value, label]) => new Option(label, value)))
    const old = row.querySelector(".condition__value")
    const value = document.createElement(about.values ? "select" : "input")
    value.name = old.name
    value.className = old.className
    value.ariaLabel = old.ariaLabel
    if (about.values) value.append(new Option("choose an answer", ""), ...about.values.map(([key, label]) => new Option(label, key)))
    else {
      value.type = about.input
      if (about.input === "number") value.step = "any"
    }
    old.replaceWith(value)
  }
  row.classList.toggle("condition__row--bare", BARE.includes(operator.value))
}

const condition = (root) => {
  const blank = root.querySelector(".condition__row--blank")?.cloneNode(true)
  root.classList.add("condition--live")
  const joins = () => {
    const rows = [...root.querySelectorAll(".condition__row")]
    for (const [index, row] of rows.entries()) {
      const join = row.querySelector(".condition__join")
      join.classList.toggle("condition__join--first", index === 0)
      row.classList.toggle("condition__row--or", index > 0 && join.value === "or")
    }
  }
  for (const row of root.querySelectorAll(".condition__row")) fit(row, false)
  joins()
  root.addEventListener("change", (event) => {
    const row = event.target.closest(".condition__row")
    const isQuestion = event.target.matches(".condition__question")
    const wasBlank = row.classList.contains("condition__row--blank")
    fit(row, isQuestion)
    if (isQuestion && wasBlank && event.target.value && blank) {
      event.target.options[0].text = "leave this out"
      root.querySelector(".condition__help").before(blank.cloneNode(true))
    }
    if (isQuestion && !event.target.value && row !== root.querySelector(".condition__row:last-of-type")) {
      row.remove()
      root.querySelector(".condition__question")?.focus()
    }
    joins()
    changed(root)
  })
}

// An earlier answer, put where one was typing last

const pipes = () => {
  let last = form.querySelector("[name=text]")
  form.addEventListener("focusin", ({ target }) => {
    if (target.matches("input[type=text]:not([readonly]), textarea")) last = target
  })
  for (const code of form.querySelectorAll(".pipes li [data-pipe]")) {
    const button = document.createElement("button")
    button.type = "button"
    button.className = "button"
    button.textContent = "Insert"
    button.ariaLabel = `Insert the answer to ${code.parentElement.textContent.replace(code.textContent, "").trim()}`
    button.addEventListener("click", () => {
      if (!last || last.disabled) return
      last.setRangeText(code.textContent, last.selectionStart, last.selectionEnd, "end")
      last.focus()
      changed(last)
    })
    code.before(button)
  }
}

// The preview follows what is typed

const WAIT = 900
const preview = () => {
  const frame = form.querySelector(".builder__frame")
  const look = form.querySelector("[data-look]")
  if (!frame) return
  const sizes = form.querySelector(".builder__sizes")
  sizes.hidden = false
  sizes.addEventListener("click", (event) => {
    const { size } = event.target.dataset
    if (!size) return
    frame.dataset.size = size
    for (const button of sizes.children) button.ariaPressed = String(button.dataset.size === size)
  })
  const shown = frame.querySelector("iframe")
  const here = form.querySelector("#panel [name=id]")?.value ?? form.elements.at.value
  const find = () => {
    const question = shown.contentDocument?.getElementById(`q-${here}`)
    if (question) shown.contentWindow.scrollTo(0, question.getBoundingClientRect().top + shown.contentWindow.scrollY - 24)
  }
  shown.addEventListener("load", find)
  find()
  if (!look) return
  look.hidden = true
  let timer = 0
  let turn = 0
  const show = async () => {
    const mine = ++turn
    const data = new FormData(form)
    const response = await fetch(look.formAction, { method: "POST", body: data })
    if (!response.ok || mine !== turn) return
    const html = await response.text()
    if (mine !== turn) return
    shown.srcdoc = html
  }
  const soon = (event) => {
    if (!event.target.closest?.("#panel")) return
    clearTimeout(timer)
    timer = setTimeout(show, WAIT)
  }
  form.addEventListener("input", soon)
  form.addEventListener("change", soon)
}

if (form) {
  form.classList.add("builder--live")
  outline()
  for (const root of form.querySelectorAll("[data-choices]")) choices(root)
  for (const root of form.querySelectorAll("[data-condition]")) condition(root)
  pipes()
  preview()
  form.querySelector("[data-kind]")?.addEventListener("change", () => press("kind"))
  const wrong = form.querySelector(".errors :is(input, select, textarea):not([type=hidden])")
  const first = form.querySelector("#panel [name=text]")
  const moved = new URLSearchParams(location.search).get("moved")
  const here = form.querySelector(".outline__row--here")
  if (wrong) wrong.focus()
  else if (moved && here) (here.querySelector(`[value^="${moved}:"]:not(:disabled)`) ?? here.querySelector(".outline__go")).focus()
  else if (new URLSearchParams(location.search).has("at") && matchMedia("(max-width: 48rem)").matches) {
    form.querySelector("#panel").scrollIntoView()
  }
  if (!wrong && first && form.querySelector("[name=at]").value === "-new") first.focus()
}
