// What happened, for eyes and screen readers alike: one line, politely.

const line = document.querySelector("#said");
let rest;

export function say(text) {
  if (!line || !text) return;
  line.textContent = text;
  clearTimeout(rest);
  rest = setTimeout(() => (line.textContent = ""), 5000 + 60 * text.length);
}
