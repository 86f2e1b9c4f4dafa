// Keeps the parts of the page up to date.
"use strict";
const events = new EventSource("/events");
events.addEventListener("changed", async () => {
  for (const part of document.querySelectorAll("[data-part]")) {
    const answer = await fetch("/part/" + part.dataset.part);
    if (answer.ok) part.innerHTML = await answer.text();
  }
});
