// A form that is sent twice by a click too many is taken once: each page as it is shown names what it sends.

export function sendOnce(form) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = "once";
  field.autocomplete = "off";
  const name = () => { field.value = crypto.getRandomValues(new Uint32Array(4)).join("-"); };
  name();
  form.append(field);
  addEventListener("pageshow", (event) => { if (event.persisted) name(); }); // who comes back sends something new
}
