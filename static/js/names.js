// Names for what scripts put into the admin's forms without one, so that a screen reader can say what it is: the parts of
// a choice that completes what is typed, an editor of HTML, and the heads of columns that Django leaves empty.

const NAMELESS = ".select2-selection__rendered, .select2-search__field, .ProseMirror, .tabular thead th:empty"

const labelOf = (part) => {
  if (part.matches(".select2-dropdown .select2-search__field")) return "Search"
  const row = part.closest(".form-row, .desk-order, td, p, div:has(> label)")
  const label = row?.closest(".form-row")?.querySelector("label") ?? row?.querySelector("label")
  return label?.textContent.trim().replace(/:$/, "") || "Choice"
}

const name = (part) => {
  if (part.matches("th:not(.original)")) {
    part.remove() // the head of boxes for deleting, where there are none
  } else if (part.matches("th")) {
    const words = document.createElement("span")
    words.className = "visually-hidden"
    words.textContent = "Row"
    part.append(words)
  } else if (!part.ariaLabel && part.tagName !== "UL") {
    part.ariaLabel = labelOf(part)
  }
}

const nameIn = (root) => {
  if (root.matches?.(NAMELESS)) name(root)
  root.querySelectorAll?.(NAMELESS).forEach(name)
}

nameIn(document)
new MutationObserver((changes) => {
  for (const change of changes) change.addedNodes.forEach(nameIn)
}).observe(document.body, { childList: true, subtree: true })
