// Videos of the contact sheet: a mouse over one shows it, a click or Enter opens it.

const still = matchMedia("(prefers-reduced-motion: reduce)");
let waits;

// Without scripts the browser's own controls are there; with them a button lies over the poster.
export function dress(root) {
  for (const frame of root.querySelectorAll(".frame[data-plays]")) {
    if (frame.classList.contains("open")) continue;
    frame.querySelector("video").removeAttribute("controls");
    frame.querySelector(".play").hidden = false;
  }
  for (const button of root.querySelectorAll(".again")) button.hidden = !document.querySelector("#drop");
}

export function atWork(node) {
  return node.matches?.(".frame.plays, .frame.open") ?? false;
}

function frameOf(event, what = ".frame[data-plays]") {
  return event.target instanceof Element ? event.target.closest(what) : null;
}

function show(frame) {
  const video = frame.querySelector("video");
  frame.classList.add("plays");
  video.muted = video.loop = true;
  video.play().catch(() => rest(frame));
}

function rest(frame) {
  const video = frame.querySelector("video");
  video.pause();
  if (video.readyState) video.currentTime = 0;
  frame.classList.remove("plays", "open");
}

function open(frame) {
  document.querySelectorAll(".frame.open").forEach(close);
  const video = frame.querySelector("video");
  frame.classList.remove("plays");
  frame.classList.add("open");
  video.controls = true;
  video.loop = video.muted = false;
  video.focus();
  video.play().catch(() => {});
}

function close(frame) {
  rest(frame);
  frame.querySelector("video").controls = false;
}

document.addEventListener("pointerover", (event) => {
  const frame = frameOf(event);
  if (!frame || event.pointerType !== "mouse" || still.matches || atWork(frame)) return;
  clearTimeout(waits);
  waits = setTimeout(() => frame.matches(":hover") && !atWork(frame) && show(frame), 120);
});

document.addEventListener("pointerout", (event) => {
  const frame = frameOf(event);
  if (frame?.classList.contains("plays") && !frame.contains(event.relatedTarget)) rest(frame);
});

document.addEventListener("click", (event) => {
  const frame = frameOf(event, ".play")?.closest(".frame");
  if (frame) open(frame);
});

document.addEventListener("keydown", (event) => {
  const frame = event.key === "Escape" && document.querySelector(".frame.open");
  if (!frame || document.fullscreenElement) return;
  close(frame);
  frame.querySelector(".play").focus();
});

// A picture may be on its way from one folder to another: it is asked for once more.
document.addEventListener("error", ({ target }) => {
  if (target.tagName !== "IMG" || target.dataset.again) return;
  target.dataset.again = "yes";
  setTimeout(() => (target.src = target.src), 3000);
}, true);
