// The rules of an automation, as far as its beginning asks for them: a class of each set says for which beginnings it is meant.

const begins = document.querySelector("#id_begins");
const sets = document.querySelectorAll("fieldset[class*='begins-']");

function fit() {
  for (const set of sets) set.hidden = !set.classList.contains(`begins-${begins.value}`);
}

if (begins) {
  begins.addEventListener("change", fit);
  fit();
}
