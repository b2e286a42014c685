// An image that is pasted into a text or dropped on a block is uploaded and becomes a block of its own.

import { add, nextOf } from "./blocks.js";
import { choose, upload } from "./images.js";
import { insertAt } from "./inserting.js";

const imagesIn = (data) => [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"))

const fill = (block, image) => {
  if (!block) return
  choose(block.querySelector('select[data-choice="image"]'), image)
  const alt = block.querySelector('[name$="-alt"]')
  alt.value = image.alt
  alt.focus()
}

// Word processors put a picture of the text beside the text: where there is text, the text is meant.
document.addEventListener(
  "paste",
  async (event) => {
    const editor = event.target.closest?.(".inline-related .tiptap")?.editor
    const files = imagesIn(event.clipboardData)
    if (!editor || !files.length || event.clipboardData.getData("text/plain")) return
    event.preventDefault()
    event.stopPropagation()
    for (const file of files) {
      const image = await upload(file)
      if (image) fill(insertAt(editor, "image"), image)
    }
  },
  { capture: true },
)

const blockUnder = (event) =>
  event.dataTransfer?.types.includes("Files") && event.target.closest?.(".order-machine .inline-related")
for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => blockUnder(event) && event.preventDefault(), { capture: true })
}
document.addEventListener(
  "drop",
  async (event) => {
    const block = blockUnder(event)
    const files = imagesIn(event.dataTransfer)
    if (!block || !files.length || event.target.matches('input[type="file"]')) return
    event.preventDefault()
    event.stopPropagation()
    const before = nextOf(block)
    for (const file of files) {
      const image = await upload(file)
      if (image) fill(add("image", before), image)
    }
  },
  { capture: true },
)
