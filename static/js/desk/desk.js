// The desk: keeps what is typed every few seconds, says who else is here, shows the images that are chosen.

const AUTOSAVE_MS = 4000
const PRESENCE_MS = 10000

const desk = document.querySelector("[data-desk]")
const form = desk?.closest("form")

if (form) {
  const saved = desk.querySelector(".desk-saved")
  const presence = desk.querySelector(".desk-presence")
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value
  let kept = ""
  let sending = false
  let submitted = false

  const say = (element, text) => {
    element.hidden = !text
    if (element.textContent !== text) element.textContent = text
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
    if (sending || submitted) return
    const data = typed()
    const now = fingerprint(data)
    if (now === kept) return
    sending = true
    try {
      const response = await fetch(desk.dataset.autosave, { method: "POST", body: data, headers: { "X-CSRFToken": token } })
      if (response.ok) {
        kept = now
        say(saved, `Your unsaved work was kept at ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}.`)
      } else {
        say(saved, "Your unsaved work could not be kept. Save before you close this page.")
      }
    } catch {
      say(saved, "There is no connection. Your words are only in this window.")
    } finally {
      sending = false
    }
  }

  const time = (moment) => new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })

  const report = (answer) => {
    const others = answer.others.map((other) => `${other.name} has this open since ${time(other.since)}.`)
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

  const start = () => {
    kept = fingerprint(typed())
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
  })
  // The editors tidy what they are given; what they make of it is where typing starts from.
  setTimeout(start, 1500)

  // A small picture beside each choice of an image; a click sets the point that stays in view.
  const showImage = (select) => {
    const row = select.closest("fieldset")
    let figure = select.parentElement.querySelector(".desk-image")
    figure?.remove()
    const source = select.value
    if (!source || select.multiple) return
    figure = document.createElement("div")
    figure.className = "desk-image"
    const image = document.createElement("img")
    image.alt = ""
    image.src = /^https?:/.test(source) ? "" : desk.dataset.media + source
    const dot = document.createElement("span")
    dot.className = "desk-image__focal"
    figure.append(image, dot)
    select.parentElement.append(figure)
    const focal = row?.querySelector('input[name$="focal"]')
    const place = () => {
      const [x, y] = (focal?.value || "0.5, 0.5").split(",").map(Number)
      dot.style.left = `${x * 100}%`
      dot.style.top = `${y * 100}%`
    }
    place()
    image.addEventListener("click", (event) => {
      if (!focal) return
      focal.value = `${(event.offsetX / image.clientWidth).toFixed(2)}, ${(event.offsetY / image.clientHeight).toFixed(2)}`
      place()
    })
  }
  const selects = () => form.querySelectorAll('select[data-choice="image"]:not([name*=__prefix__])')
  for (const select of selects()) showImage(select)
  django.jQuery(form).on("change", 'select[data-choice="image"]', (event) => showImage(event.target))
}
