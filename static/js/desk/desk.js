// The desk: keeps what is typed every few seconds, says what is saved and who else is here, saves on Ctrl+S.

import { focusIn } from "./blocks.js";

const AUTOSAVE_MS = 4000
const PRESENCE_MS = 10000

const desk = document.querySelector("[data-desk]")
const form = desk?.closest("form")

if (form) {
  const saved = form.querySelector(".desk-saved")
  const presence = desk.querySelector(".desk-presence")
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value
  let stored = "" // what the page came with
  let kept = "" // what was kept last
  let isTouched = false // something was typed since the page came
  let sending = false
  let submitted = false
  const leaving = new AbortController() // what is saved need not be kept as well

  const say = (element, text) => {
    element.hidden = !text
    if (element.textContent !== text) element.textContent = text
  }
  const state = (text, isWrong = false) => {
    say(saved, text)
    saved.classList.toggle("desk-saved--wrong", isWrong)
  }

  const typed = () => {
    const data = new FormData(form)
    for (const [name, value] of [...data.entries()]) {
      if (value instanceof File) data.delete(name)
    }
    return data
  }

  const fingerprint = (data) => new URLSearchParams(data).toString()

  // One request at a time: an answer that comes late can never replace newer words.
  const autosave = async () => {
    if (sending || submitted || !isTouched) return
    const data = typed()
    const now = fingerprint(data)
    if (now === kept) return
    sending = true
    try {
      const response = await fetch(desk.dataset.autosave, { method: "POST", body: data, headers: { "X-CSRFToken": token }, signal: leaving.signal })
      if (response.ok) {
        kept = now
        state(`Unsaved changes, kept at ${await response.text()}`)
      } else if (response.status === 409) {
        state(await response.text(), true)
      } else {
        state("Unsaved changes that could not be kept. Save before you close this page.", true)
      }
    } catch {
      if (submitted) return
      state("There is no connection. Your words are only in this window.", true)
    } finally {
      sending = false
    }
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

  const touch = (event) => {
    if (isTouched || event.target.name === "") return // what has no name is not posted
    isTouched = true
    state("Unsaved changes")
  }

  const start = () => {
    if (!isTouched) stored = kept = fingerprint(typed())
    setInterval(autosave, AUTOSAVE_MS)
    document.addEventListener("visibilitychange", () => document.hidden && autosave())
    if (!desk.dataset.presence) return
    ping()
    setInterval(ping, PRESENCE_MS)
    addEventListener("pagehide", () => {
      const leaving = new URLSearchParams({ leaving: "1", csrfmiddlewaretoken: token })
      navigator.sendBeacon(desk.dataset.presence, leaving)
    })
  }

  form.addEventListener("submit", () => {
    submitted = true
    leaving.abort()
  })
  addEventListener("beforeunload", (event) => {
    if (submitted || !isTouched) return
    const now = fingerprint(typed())
    if (now !== kept && now !== stored) event.preventDefault()
  })
  form.querySelector("#id_title")?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return
    event.preventDefault() // it would save; who writes goes on to the next line
    form.querySelector("#id_standfirst").focus()
  })
  addEventListener("keydown", (event) => {
    const button = form.querySelector("[name=_save]")
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || !button) return
    event.preventDefault()
    form.requestSubmit(button)
  })
  // What was refused is said beside it, which may be far down a long article: start there.
  const wrong = form.querySelector(".form-row.errors, .desk-block > .errorlist")
  if (wrong) {
    isTouched = true
    state("Not saved: see the marked fields", true)
    const lead = () => {
      const place = wrong.closest(".desk-block:has(> .errorlist)") ?? wrong
      wrong.closest("details")?.setAttribute("open", "")
      wrong.scrollIntoView({ block: "center" })
      focusIn(place)
    }
    django.jQuery(() => setTimeout(lead, 300)) // once the content editor has scrolled to where one was
  }

  if (desk.dataset.autosave) {
    for (const type of ["input", "change"]) form.addEventListener(type, touch)
    django.jQuery(() => (window.requestIdleCallback ?? setTimeout)(start)) // the page is made by then
  }
}
