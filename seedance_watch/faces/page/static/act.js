// Buttons that tell the daemon something: sent without leaving the page, asked about where a video
// could be lost by it.

import { say } from "./say.js";
import { refresh } from "./live.js";

const dialog = document.querySelector("#ask");

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-act]")) return;
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button");
  if (button.ariaBusy === "true") return;
  const body = new URLSearchParams(new FormData(form, button));
  button.ariaBusy = "true";
  try {
    if (!form.dataset.ask) await order(form.action, body, button);
    else if (await sure(form.dataset.ask, button)) {
      body.set("anyway", "yes");
      await order(form.action, body, button);
    }
  } finally {
    button.ariaBusy = null;
  }
});

async function order(address, body, button) {
  const { ok, said, ask } = await send(address, body);
  if (!ok && ask && (await sure(said, button))) {
    body.set("anyway", "yes");
    return order(address, body, button);
  }
  if (!ask) say(said);
  refresh();
}

async function send(address, body) {
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = await answer.json().catch(() => ({}));
    return { ...told, ok: answer.ok, said: told.said ?? `It was not done (${answer.status})` };
  } catch {
    return { ok: false, said: "It was not done: seedance-watch does not answer. Try again in a moment" };
  }
}

function sure(question, button) {
  dialog.querySelector("p").textContent = question;
  dialog.querySelector("[value=yes]").textContent = `${button.textContent.trim()} anyway`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}
