// Pictures on the clipboard: those that come with it, in the HTML or beside it, as files; others by address or name.

import { all, make } from "./elements.js";

const SMALLEST = 40 // pixels: what is smaller is an icon, or counts readers
let number = 0

const fileOf = (type, bytes) => new File([bytes], `pasted.${type.replace("jpeg", "jpg").replace(/\W.*/, "")}`, { type: `image/${type}` })
const fromData = (source) => {
  const [, type, data] = /^data:image\/([\w+.-]+);base64,([\w+/=\s]+)$/.exec(source) ?? []
  return data && fileOf(type, Uint8Array.from(atob(data.replace(/\s/g, "")), (letter) => letter.charCodeAt(0)))
}

// Word's HTML names files on the disk of whoever copied; the pictures themselves are in the RTF, in the same order.
const inRtf = (rtf) =>
  rtf
    .split("{\\pict")
    .map((part) => /\\(png|jpeg)blip[^]*?([\da-f\s]{64,})\}/i.exec(part))
    .filter(Boolean)
    .map(([, type, digits]) => fileOf(type, Uint8Array.from(digits.replace(/\s/g, "").match(/../g), (pair) => Number.parseInt(pair, 16))))

const isSmall = (image) =>
  ["width", "height"].some((side) => Number.parseFloat(image.getAttribute(side) ?? SMALLEST) < SMALLEST)
const nameOf = (image, source) => image.alt || (/^data:/i.test(source) ? "" : source.split(/[?#]/)[0].split("/").pop()) || "without a name"

export const readPictures = (root, rtf) => {
  for (const icon of all(root, "img").filter(isSmall)) icon.replaceWith(/emoji/i.test(icon.className) ? icon.alt : "")
  const images = all(root, "img")
  const sources = new Map(images.map((image) => [image, image.getAttribute("src") ?? ""]))
  const onDisk = images.filter((image) => /^file:/i.test(sources.get(image)))
  const files = onDisk.length ? inRtf(rtf) : []
  return images.map((image) => {
    const source = sources.get(image)
    const caption = image.closest("figure")?.querySelector("figcaption")
    caption?.remove()
    return {
      image,
      mark: `⟦picture ${++number}⟧`,
      name: nameOf(image, source).slice(0, 100),
      alt: image.alt,
      caption: caption?.textContent.trim() ?? "",
      link: linkOf(image),
      file: fromData(source) || (files.length === onDisk.length && files[onDisk.indexOf(image)]) || null,
      source: /^https?:/i.test(source) ? source : "",
    }
  })
}

// Where the link around a picture leads, unless that is the picture itself, larger.
const linkOf = (image) => {
  const address = image.closest("a[href]")?.getAttribute("href") ?? ""
  return /^(?:https?:\/\/|mailto:)/i.test(address) && !/\.(?:jpe?g|png|gif|webp|avif)(?:\?|$)/i.test(address) ? address : ""
}

// A paragraph that is the mark of a picture, after the block that has it.
export const place = (pictures, root) => {
  const last = new Map()
  for (const { image, mark } of pictures) {
    let block = image
    while (block.parentElement !== root) block = block.parentElement
    const line = make(root, "p", mark)
    ;(last.get(block) ?? block).after(line)
    last.set(block, line)
  }
  for (const { image } of pictures) image.remove()
}
