// The calendar: entries are dragged to a day, or taken there with the arrow keys from their “Move”. Both send the same form.

const calendar = document.querySelector(".cal")
const form = document.querySelector(".cal-drop")
const days = [...calendar.querySelectorAll(".cal-day")]
const say = (text) => {
  document.querySelector(".cal-says").textContent = text
}

let held = null // the entry in hand
let target = null // the day it would go to

const aim = (day) => {
  target?.classList.remove("is-target")
  target = day
  target?.classList.add("is-target")
}

const letGo = () => {
  held?.classList.remove("is-held")
  held = null
  aim(null)
}

const refuse = (entry) => say(`“${entry.dataset.title}” stays where it is. ${entry.dataset.fixed}`)

const drop = () => {
  if (!held || !target || target.contains(held)) return letGo()
  form.action = held.dataset.move
  form.elements.seen.value = held.dataset.seen
  form.elements.day.value = target.dataset.day
  form.requestSubmit()
}

calendar.addEventListener("dragstart", (event) => {
  const entry = event.target.closest?.(".cal-entry")
  if (!entry) return
  if (!entry.dataset.move) {
    event.preventDefault()
    refuse(entry)
    return
  }
  say("")
  held = entry
  held.classList.add("is-held")
  event.dataTransfer.effectAllowed = "move"
  event.dataTransfer.setData("text/plain", entry.dataset.title)
})

calendar.addEventListener("dragover", (event) => {
  const day = event.target.closest(".cal-day")
  if (!held || !day) return
  event.preventDefault()
  if (day !== target) aim(day)
})

calendar.addEventListener("drop", (event) => {
  event.preventDefault()
  drop()
})

calendar.addEventListener("dragend", letGo)

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }

calendar.addEventListener("keydown", (event) => {
  const entry = event.target.matches?.(".cal-entry__move") ? event.target.closest(".cal-entry") : null
  if (!entry || event.altKey || event.ctrlKey || event.metaKey) return
  if (event.key in STEPS) {
    event.preventDefault()
    const from = target && held === entry ? target : entry.closest(".cal-day")
    const to = days[days.indexOf(from) + STEPS[event.key]]
    if (!to) return say("Choose “Move” for a day in another month.")
    if (held !== entry) letGo()
    held = entry
    held.classList.add("is-held")
    aim(to)
    to.scrollIntoView({ block: "nearest" })
    say(`${to.dataset.words}: Enter moves “${entry.dataset.title}” there, Escape leaves it.`)
  } else if (event.key === "Enter" && held === entry && target) {
    event.preventDefault()
    drop()
  } else if (event.key === "Escape" && held) {
    letGo()
    say(`“${entry.dataset.title}” stays where it was.`)
  }
})

calendar.addEventListener("focusout", letGo)
