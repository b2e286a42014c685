// A player whose address was pasted on a line of its own can be embedded: asked beside the text, never done unasked.

import { insertAt } from "./inserting.js";

const close = (offer, editor) => {
  offer.remove()
  editor.off("update", offer.check)
}

const lineOf = (editor, address) => {
  let found = null
  editor.state.doc.forEach((node, place) => {
    if (node.textContent === address) found = { from: place + 1, to: place + 1 + node.content.size }
  })
  return found
}

const embed = (editor, address) => {
  const line = lineOf(editor, address)
  if (!line) return
  editor.chain().setTextSelection(line).deleteSelection().run()
  const field = insertAt(editor, "embed").querySelector('[name$="-url"]')
  field.value = address
  field.dispatchEvent(new Event("input", { bubbles: true }))
  field.focus()
}

const button = (words, className, act) => {
  const made = document.createElement("button")
  made.type = "button"
  made.className = className
  made.textContent = words
  made.addEventListener("click", act)
  return made
}

export const offerPlayer = (editor, address, player) => {
  const frame = editor.view.dom.closest(".prose-editor")
  const before = frame.parentElement.querySelector(".desk-offer")
  if (before) close(before, editor)
  const offer = document.createElement("div")
  offer.className = "desk-offer"
  offer.setAttribute("role", "status")
  frame.after(offer)
  offer.append(
    `This is a player of ${player}. `,
    button("Embed it", "button default", () => {
      close(offer, editor)
      embed(editor, address)
    }),
    button("Keep the link", "button", () => {
      close(offer, editor)
      editor.commands.focus()
    }),
  )
  offer.check = () => lineOf(editor, address) || close(offer, editor)
  editor.on("update", offer.check)
}
