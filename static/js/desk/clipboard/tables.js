// Tables on the clipboard: cells without layout, and a heading where all of the first row is bold.

import { all, isHeavy, make, rename, styleOf } from "./elements.js";

const isEmpty = (cell) => !cell.textContent.trim() && !cell.querySelector("img")
const isBold = (cell) => {
  if (isEmpty(cell) || cell.matches("th") || isHeavy(styleOf(cell, "font-weight"))) return true
  const bold = all(cell, "b, strong, span").filter((part) => !part.matches("span") || isHeavy(styleOf(part, "font-weight")))
  return bold.some((part) => part.textContent.trim() === cell.textContent.trim())
}

// The cells by row, without what a spreadsheet selects beyond its figures.
const cellsOf = (table) => {
  const rows = [...table.rows].map((row) => [...row.cells])
  while (rows.length && rows.at(-1).every(isEmpty)) {
    table.rows[rows.length - 1].remove()
    rows.pop()
  }
  const isRegular = rows.flat().every((cell) => cell.colSpan === 1 && cell.rowSpan === 1)
  const isLastEmpty = () => rows.every((row) => row.length > 1 && row.length === rows[0].length && isEmpty(row.at(-1)))
  while (isRegular && rows.length && isLastEmpty()) for (const row of rows) row.pop().remove()
  return rows
}

const readTable = (table, isAllowed) => {
  for (const part of all(table, "colgroup, col")) part.remove()
  const rows = cellsOf(table)
  if (table.caption) table.before(rename(table.caption, "p"))
  if (rows.flat().length <= 1) {
    table.replaceWith(make(table, "div", ...(rows.flat()[0]?.childNodes ?? [])))
  } else if (!isAllowed) {
    table.replaceWith(...rows.map((row) => make(table, "p", row.map((cell) => cell.textContent.trim()).join(" · "))))
  } else {
    for (const title of all(table, "h1, h2, h3, h4, h5, h6")) rename(title, "p")
    const isHeaded = rows.length > 1 && rows[0].every(isBold) && !rows[0].every(isEmpty)
    for (const cell of rows[0]) if (isHeaded) rename(cell, "th")
  }
}

// Where a text may have no tables, each row becomes a line.
export const readTables = (root, isAllowed) => {
  for (const table of all(root, "table").reverse()) readTable(table, isAllowed)
}
