// The drop zone: a picture is dragged anywhere onto the page, chosen, or pasted; what is wrong is
// said beside the field that it is about.

import { say } from "./say.js";
import { refresh } from "./live.js";

const form = document.querySelector("#drop");

if (form) {
  form.addEventListener("submit", (event) => (event.preventDefault(), send()));
  form.addEventListener("input", (event) => {
    form.dataset.touched = "yes";
    complain(event.target.name, "");
  });
  form.image.addEventListener("change", preview);
  for (const kind of ["dragenter", "dragover"]) addEventListener(kind, hover);
  for (const kind of ["dragleave", "drop"]) addEventListener(kind, leave);
  addEventListener("drop", (event) => take(event.dataTransfer.files, event));
  addEventListener("paste", (event) => take(event.clipboardData.files, event));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".again");
    const link = event.target.closest?.("[data-watch]");
    if (button) again(button);
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(link);
  });
}

function holds(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

function hover(event) {
  if (!holds(event)) return;
  event.preventDefault();
  document.body.classList.add("over");
}

function leave(event) {
  if (event.type === "drop" || !event.relatedTarget) document.body.classList.remove("over");
}

function take(files, event) {
  if (!files.length) return;
  event.preventDefault();
  choose(files[0]);
  if (files.length > 1) say(`Only ${files[0].name} was taken: one picture at a time`);
}

function choose(file) {
  const box = new DataTransfer();
  box.items.add(file);
  form.image.files = box.files;
  form.dataset.touched = "yes";
  preview();
  form.prompt.focus();
}

// Drawn on a canvas: the page's rules allow pictures from nowhere but the daemon.
async function preview() {
  complain("image", "");
  const file = form.image.files[0];
  const canvas = form.querySelector("canvas");
  form.querySelector(".chosen").textContent = file ? `${file.name}, ${size(file.size)}` : "";
  form.classList.toggle("full", Boolean(file));
  canvas.hidden = true;
  if (!file) return;
  try {
    const picture = await createImageBitmap(file, { resizeWidth: 560, resizeQuality: "medium" });
    if (form.image.files[0] !== file) return;
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext("2d").drawImage(picture, 0, 0);
    canvas.hidden = false;
  } catch {
    form.querySelector(".chosen").textContent += " (this browser cannot show it)";
  }
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function complain(name, text) {
  const place = form.querySelector(`#wrong-${CSS.escape(name)}`);
  const input = form.elements[name];
  if (!place || !input) return false;
  place.textContent = text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  return true;
}

// XMLHttpRequest, because only it tells how much of a picture has gone out.
function send() {
  const button = form.querySelector("[type=submit]");
  if (button.ariaBusy === "true") return;
  const bar = form.querySelector("progress");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.onprogress = ({ loaded, total }) => (bar.value = loaded / total);
  request.onloadend = () => {
    button.ariaBusy = null;
    bar.hidden = true;
    answered(request.status, request.response);
  };
  button.ariaBusy = "true";
  bar.hidden = false;
  bar.value = 0;
  form.querySelectorAll(".wrong").forEach((place) => complain(place.id.slice(6), ""));
  request.send(new FormData(form));
}

function answered(status, answer) {
  if (status >= 200 && status < 300) return accepted(answer?.said);
  const fields = Object.entries(answer?.fields ?? {});
  const rest = fields.filter(([name, text]) => !complain(name, text)).map(([, text]) => text);
  if (!fields.length) rest.push(answer?.said ?? NO_ANSWER);
  form.querySelector("#wrong-drop").textContent = rest.join(" ");
  const first = form.querySelector("[aria-invalid=true]");
  if (first) first.focus();
}

const NO_ANSWER = "It was not sent: seedance-watch does not answer. Nothing is lost; try again in a moment";

// What may be meant for the next picture too stays as it was chosen.
function accepted(said) {
  form.image.value = form.prompt.value = "";
  delete form.dataset.touched;
  preview();
  say(said);
  refresh();
}

// A failed wish is put back into the form, to be corrected and dropped once more.
async function again({ dataset }) {
  const wish = Object.entries(JSON.parse(dataset.wish));
  for (const [name, value] of wish) {
    const field = form.elements[name];
    if (field) field.value = value;
    if (field?.selectedIndex < 0) field.value = ""; // what is usual has no name of its own
  }
  form.scrollIntoView({ block: "nearest" });
  try {
    const answer = await fetch(dataset.picture);
    if (!answer.ok) throw new Error(answer.statusText);
    const name = /filename\*?=(?:utf-8'')?"?([^";]+)/i.exec(answer.headers.get("content-disposition"));
    choose(new File([await answer.blob()], decodeURIComponent(name?.[1] ?? "picture.png")));
  } catch {
    say("Its picture is not there any more: choose one");
    form.image.focus();
  }
}

// Another folder has other wishes; the picture and the prompt stay.
async function move(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["where", "wishes"]) {
    document.getElementById(id).replaceWith(next.getElementById(id));
  }
  history.replaceState(null, "", link.href);
  form.querySelector("[data-watch][aria-current]")?.focus();
}
