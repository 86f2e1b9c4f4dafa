// Buttons that tell the daemon something: sent without leaving the page.

import { say } from "./say.js";
import { refresh } from "./live.js";

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-act]")) return;
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button");
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  const { ok, said } = await send(form.action, new URLSearchParams(new FormData(form, button)));
  button.ariaBusy = null;
  say(said);
  if (ok) form.closest("details")?.removeAttribute("open");
  refresh();
});

async function send(address, body) {
  try {
    const headers = { Accept: "application/json" };
    const answer = await fetch(address, { method: "POST", body, headers });
    const told = await answer.json().catch(() => ({}));
    return { ok: answer.ok, said: told.said ?? `It was not done (${answer.status})` };
  } catch {
    return { ok: false, said: "It was not done: seedance-watch does not answer. Try again in a moment" };
  }
}
