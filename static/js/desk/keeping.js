// Keeps on the server what is typed in a form, every few seconds, until it is saved; and says how far that is.

const EVERY_MS = 4000

export function keepWork(form, { address, saved, whenReady = (start) => start() }) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value
  let stored = "" // what the page came with
  let kept = "" // what was kept last
  let isTouched = false // something was typed since the page came
  let sending = false
  let submitted = false
  const leaving = new AbortController() // what is saved need not be kept as well

  const state = (text, isWrong = false) => {
    saved.hidden = !text
    if (saved.textContent !== text) saved.textContent = text
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
  const keep = async () => {
    if (sending || submitted || !isTouched) return
    const data = typed()
    const now = fingerprint(data)
    if (now === kept) return
    sending = true
    try {
      const response = await fetch(address, { method: "POST", body: data, headers: { "X-CSRFToken": token }, signal: leaving.signal })
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

  const touch = (event) => {
    if (isTouched || event.target.name === "") return // what has no name is not posted
    isTouched = true
    state("Unsaved changes")
  }

  const start = () => {
    if (!isTouched) stored = kept = fingerprint(typed())
    setInterval(keep, EVERY_MS)
    document.addEventListener("visibilitychange", () => document.hidden && keep())
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
  addEventListener("keydown", (event) => {
    const button = form.querySelector("[name=_save]")
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || !button) return
    event.preventDefault()
    form.requestSubmit(button)
  })
  if (address) {
    for (const type of ["input", "change"]) form.addEventListener(type, touch)
    whenReady(start)
  }

  return {
    // What was refused is typed, but not saved.
    refused() {
      isTouched = true
      state("Not saved: see the marked fields", true)
    },
  }
}
