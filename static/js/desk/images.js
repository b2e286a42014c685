// Images at the desk: a small picture of what was chosen, the point that stays in view, pasting and dropping files.

const desk = document.querySelector("[data-desk]")
const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value
const addressOf = (source) =>
  /^https?:/.test(source) ? "" : `${desk.dataset.thumbnail}?src=${encodeURIComponent(source)}`

export const thumbnail = (source) => {
  const image = document.createElement("img")
  image.alt = ""
  image.loading = "lazy"
  const address = addressOf(source)
  if (address) image.src = address
  return image
}

const say = (text) => {
  const place = document.querySelector(".desk-says")
  place.textContent = text
}

// Keep a file as an image of ours; what the desk needs of it, or nothing when it is refused.
export const upload = async (file) => {
  const data = new FormData()
  data.append("image", file)
  say(`Uploading ${file.name} …`)
  try {
    const response = await fetch(desk.dataset.upload, { method: "POST", body: data, headers: { "X-CSRFToken": token() } })
    const answer = await response.json()
    if (response.ok) {
      say(`${answer.name} was uploaded.`)
      return answer
    }
    complain(answer.error)
  } catch {
    complain(`${file.name} could not be uploaded.`)
  }
  return null
}

const complain = (text) => {
  say(text)
  const told = document.querySelector(".desk-told")
  told.textContent = text
  told.classList.add("desk-saved--wrong")
}

export const choose = (select, image) => {
  select.replaceChildren(new Option("", ""), new Option(image.name, image.src, true, true))
  django.jQuery(select).trigger("change")
}

const inside = (share) => Math.min(Math.max(Number(share) || 0, 0), 1)

// A small picture beside each choice of one image; where a point stays in view, a click sets it.
const show = (select) => {
  select.parentElement.querySelector(".desk-image")?.remove()
  if (!select.value || select.closest("[data-order]")) return
  const figure = document.createElement("div")
  figure.className = "desk-image"
  const image = thumbnail(select.value)
  figure.append(image)
  select.parentElement.append(figure)
  const focal = select.closest("fieldset")?.querySelector('input[name$="focal"]')
  if (!focal) return
  const dot = document.createElement("span")
  dot.className = "desk-image__focal"
  figure.append(dot)
  const place = () => {
    const [x, y] = (focal.value || "0.5, 0.5").split(",").map(inside)
    dot.style.left = `${x * 100}%`
    dot.style.top = `${y * 100}%`
  }
  place()
  focal.addEventListener("input", place)
  image.addEventListener("click", (event) => {
    const shares = [event.offsetX / image.clientWidth, event.offsetY / image.clientHeight].map(inside)
    focal.value = shares.map((share) => share.toFixed(2)).join(", ")
    focal.dispatchEvent(new Event("input", { bubbles: true }))
  })
}

// A file that is chosen for one picture is uploaded at once and chosen in its place: whatever else is refused, and also
// in the unsaved work that is kept, it stays. Without this the form does the same when it is sent.
const take = async (input) => {
  const form = input.form
  const select = form.elements[input.name.replace(/upload$/, "src")]
  const alt = form.elements[input.name.replace(/upload$/, "alt")]
  const [file] = input.files
  if (!file || !select) return
  const image = await upload(file)
  if (input.files[0] === file) input.value = "" // not before: a form that is sent meanwhile takes it along
  if (!image) return
  choose(select, image)
  select.dispatchEvent(new Event("input", { bubbles: true }))
  if (alt && !alt.value) alt.value = image.alt
}

if (desk) {
  const form = desk.closest("form")
  for (const select of form.querySelectorAll('select[data-choice="image"]:not([name*=__prefix__])')) show(select)
  form.addEventListener("change", ({ target }) => {
    if (target.matches('input[type="file"][name$="upload"]')) take(target)
  })
  django.jQuery(form).on("change", 'select[data-choice="image"]', (event) => show(event.target))
}
