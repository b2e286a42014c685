// What the steps that read a clipboard do with elements.

export const BLOCKS = "p, h1, h2, h3, h4, h5, h6, ul, ol, dl, table, blockquote, pre, hr, div, section, article, li, details, figure"

export const all = (root, selector) => [...root.querySelectorAll(selector)]
export const unwrap = (element) => element.replaceWith(...element.childNodes)
export const isBlank = (element) => !element.textContent.trim() && !element.querySelector("img, hr, td, th")

export const make = (near, name, ...children) => {
  const element = near.ownerDocument.createElement(name)
  element.append(...children)
  return element
}

export const rename = (element, name) => {
  const other = make(element, name, ...element.childNodes)
  for (const { name: attribute, value } of element.attributes) {
    if (/^[\w-]+$/.test(attribute)) other.setAttribute(attribute, value)
  }
  element.replaceWith(other)
  return other
}

export const wrap = (element, name) => element.append(make(element, name, ...element.childNodes))

// Paragraphs around the loose words between the blocks of an element.
export const enclose = (parent) => {
  let run = null
  for (const node of [...parent.childNodes]) {
    const isElement = node.nodeType === Node.ELEMENT_NODE
    if (isElement && (node.matches(BLOCKS) || node.querySelector(BLOCKS))) run = null
    else if (run) run.append(node)
    else if (node.textContent.trim() || (isElement && (node.matches("img") || node.querySelector("img")))) {
      run = make(parent, "p")
      node.before(run)
      run.append(node)
    } else node.remove()
  }
}

// The styles of classes, which spreadsheets give to cells.
let rules = new Map()
export const readRules = (page) => {
  rules = new Map()
  for (const sheet of all(page, "style")) {
    for (const [, selectors, style] of sheet.textContent.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
      for (const [, name] of selectors.matchAll(/(?:^|[\s,>])(?:td|span|p)?\.([\w-]+)\s*(?=,|$)/g)) rules.set(name, style)
    }
  }
}

// The value of a property in an element's style, or in that of its class.
export const styleOf = (element, property) => {
  const pattern = new RegExp(`(?:^|[;\\s])${property}\\s*:\\s*([^;"]+)`, "i")
  const classes = [...element.classList].map((name) => rules.get(name) ?? "")
  const styles = [element.getAttribute("style") ?? "", ...classes]
  return styles.map((style) => pattern.exec(style)?.[1].trim().toLowerCase()).find(Boolean) ?? ""
}
export const isHeavy = (weight) => /^(bold|[6-9]00)/.test(weight)
