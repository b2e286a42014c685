// A footnote in a text: words marked where they belong to, which readers get as a numbered note below it.
// Ctrl+Alt+F (⌘⌥F), or its button, makes one of what is selected, begins one at the caret, or makes one text again.

import { Mark } from "django-prose-editor/editor"

const leave = (editor) => {
  const { from, $from } = editor.state.selection
  const type = editor.schema.marks.footnote
  let end = from
  $from.parent.forEach((node, offset) => {
    const start = $from.start() + offset
    if (type.isInSet(node.marks) && start <= end && start + node.nodeSize > end) end = start + node.nodeSize
  })
  return editor.chain().setTextSelection(end).unsetMark("footnote").run()
}

export const Footnote = Mark.create({
  name: "footnote",
  priority: 1001, // around links and emphasis, so that a note stays one
  exitable: true,
  parseHTML: () => [{ tag: "small[data-footnote]" }],
  renderHTML: () => ["small", { "data-footnote": "" }, 0],

  addCommands() {
    return {
      toggleFootnote:
        () =>
        ({ editor, chain }) =>
          editor.isActive("footnote") && editor.state.selection.empty
            ? chain().extendMarkRange("footnote").unsetMark("footnote").run()
            : chain().toggleMark("footnote").run(),
    }
  },

  addKeyboardShortcuts() {
    return {
      "Mod-Alt-f": () => this.editor.commands.toggleFootnote(),
      Escape: () => this.editor.isActive("footnote") && leave(this.editor),
    }
  },

  addMenuItems({ buttons, menu }) {
    menu.defineItem({
      name: "footnote",
      groups: "link",
      priority: 50,
      button: buttons.material("sticky_note_2", "Footnote (Ctrl+Alt+F)"),
      command: (editor) => editor.chain().focus().toggleFootnote().run(),
      active: (editor) => editor.isActive("footnote"),
    })
  },
})
