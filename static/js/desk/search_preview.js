// How search engines and social sites would show what is typed: cut where they cut it, with its lengths.

import { thumbnail } from "./images.js";

const box = document.querySelector(".desk-seen")
const value = (name) => document.getElementById(`id_${name}`)?.value.trim().replace(/\s+/g, " ") ?? ""
const cut = (text, most) => {
  const letters = [...text]
  return letters.length > most ? `${letters.slice(0, most - 1).join("").trimEnd()}…` : text
}
const put = (name, text) => {
  box.querySelector(`[data-seen="${name}"]`).textContent = text
}
const count = (name, text) => {
  const place = box.querySelector(`[data-length="${name}"]`)
  const most = Number(place.dataset.most)
  const length = [...text].length
  place.textContent = `${length} characters of about ${most}${length > most ? ", the end is cut" : ""}`
  place.classList.toggle("desk-seen__long", length > most)
}

const show = () => {
  const title = value("seo_title") || value("title")
  const description = value("seo_description") || value("standfirst")
  const social = value("social_title") || title
  put("title", cut(title, 60))
  put("description", cut(description, 160))
  put("address", value("canonical") || `${box.dataset.folder}${value("slug")}/`)
  put("social_title", cut(social, 70))
  put("social_description", cut(description, 110))
  count("title", title)
  count("description", description)
  count("social_title", social)
  box.querySelector('[data-seen="away"]').hidden = !document.getElementById("id_noindex")?.checked
}

const picture = () => {
  const source = value("social_image") || value("cover_src")
  const place = box.querySelector(".desk-seen__picture")
  const image = place.querySelector("img")
  if (!source) image?.remove()
  else if (image) image.replaceWith(thumbnail(source))
  else place.prepend(thumbnail(source))
}

if (box) {
  show()
  const form = box.closest("form")
  form.addEventListener("input", show)
  form.addEventListener("change", show)
  django.jQuery(form).on("change", "#id_social_image, #id_cover_src", picture)
  if (value("social_image") || value("cover_src")) picture()
}
