// A slug shown while its title is typed, and put right where somebody typed it. The server makes it (core.lib.slugs), so
// that what is shown is what will be stored.

const WAIT_MS = 250
const newest = new WeakMap() // the latest question about each field; earlier answers no longer count
const timers = new WeakMap()

const ask = async (slug, words) => {
  const question = {}
  newest.set(slug, question)
  const address = new URL(slug.dataset.slugUrl, location)
  address.searchParams.set("words", words)
  try {
    const response = await fetch(address)
    const answer = response.ok ? await response.json() : {}
    return newest.get(slug) === question ? answer.slug : undefined
  } catch {
    return undefined // it is made when the page is saved
  }
}

// The field that a slug is made from stands in the same form or row, under a name that ends otherwise.
const slugOf = (field) =>
  [...(field.form?.querySelectorAll("[data-slug-url]") ?? [])].find(
    (slug) => slug.name.replace(/slug$/, slug.dataset.slugFrom) === field.name,
  )

// Only what is empty or was made here follows the title: a typed or a stored slug stays.
const follows = (slug) => !slug.value || slug.value === slug.dataset.made

const follow = async (slug, title) => {
  const made = await ask(slug, title.value)
  if (made === undefined || !follows(slug)) return
  slug.value = made
  slug.dataset.made = made
}

const putRight = async (slug) => {
  const made = await ask(slug, slug.value)
  if (made !== undefined) slug.value = made
}

document.addEventListener("input", ({ target }) => {
  const slug = slugOf(target)
  if (!slug || !follows(slug)) return
  clearTimeout(timers.get(slug))
  timers.set(slug, setTimeout(() => follow(slug, target), WAIT_MS))
})

document.addEventListener("change", ({ target }) => {
  if (target.dataset?.slugUrl && target.value && !follows(target)) putRight(target)
})
