// The desk: has what is typed kept, says what is saved and who else is here, saves on Ctrl+S.

import { focusIn } from "./blocks.js";
import { keepWork } from "./keeping.js";

const PRESENCE_MS = 10000

const desk = document.querySelector("[data-desk]")
const form = desk?.closest("form")

if (form) {
  const presence = desk.querySelector(".desk-presence")
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value

  const say = (element, text) => {
    element.hidden = !text
    if (element.textContent !== text) element.textContent = text
  }

  const report = (answer) => {
    const others = answer.others.map((other) => `${other.name} has this open since ${other.since}.`)
    if (answer.version > Number(desk.dataset.version)) {
      others.push(`Version ${answer.version} was saved meanwhile; you will see both versions when you save.`)
    }
    say(presence, others.join(" "))
  }

  const ping = async () => {
    try {
      const response = await fetch(desk.dataset.presence, { method: "POST", headers: { "X-CSRFToken": token } })
      if (response.ok) report(await response.json())
    } catch {
      // The next ping says more.
    }
  }

  const bePresent = () => {
    ping()
    setInterval(ping, PRESENCE_MS)
    addEventListener("pagehide", () => {
      const leaving = new URLSearchParams({ leaving: "1", csrfmiddlewaretoken: token })
      navigator.sendBeacon(desk.dataset.presence, leaving)
    })
  }

  form.querySelector("#id_title")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return
    event.preventDefault() // it would save; who writes goes on to the next line
    form.querySelector("#id_standfirst").focus()
  })
  const whenMade = (act) => django.jQuery(() => (window.requestIdleCallback ?? setTimeout)(act))
  const keeping = keepWork(form, {
    address: desk.dataset.autosave,
    saved: form.querySelector(".desk-saved"),
    whenReady: (start) => whenMade(() => {
      start()
      if (desk.dataset.presence) bePresent()
    }),
  })
  // What was refused is said beside it, which may be far down a long article: start there.
  const wrong = form.querySelector(".form-row.errors, .desk-block > .errorlist")
  if (wrong) {
    keeping.refused()
    const lead = () => {
      const place = wrong.closest(".desk-block:has(> .errorlist)") ?? wrong
      wrong.closest("details")?.setAttribute("open", "")
      wrong.scrollIntoView({ block: "center" })
      focusIn(place)
    }
    django.jQuery(() => setTimeout(lead, 300)) // once the content editor has scrolled to where one was
  }
}
