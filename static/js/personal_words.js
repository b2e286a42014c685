// Puts a personal word where one wrote last: into a line, a text, or an editor. Without this they can be typed.

let last = null
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("input[type=text], textarea, .tiptap") && !target.readOnly) last = target
})

const insert = (word) => {
  if (!last?.isConnected) last = document.getElementById("id_subject")
  if (last.editor) last.editor.chain().focus().insertContent({ type: "text", text: word }).run()
  else {
    last.focus()
    last.setRangeText(word, last.selectionStart, last.selectionEnd, "end")
    last.dispatchEvent(new Event("input", { bubbles: true }))
  }
}

for (const button of document.querySelectorAll("[data-word]")) {
  button.hidden = false
  button.ariaLabel = `Insert ${button.closest("li").querySelector("span").textContent.toLowerCase()}`
  button.addEventListener("click", () => insert(button.dataset.word))
}
