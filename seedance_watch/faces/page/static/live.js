// The page follows the daemon: an event says that something changed, the page is fetched again, and
// its live parts are morphed. What plays, has the focus or is being typed in stays as it is.

import { say } from "./say.js";
import { atWork, dress } from "./play.js";
import { setClock, tick } from "./times.js";

const link = document.querySelector("#link");
const REST_MS = 600; // between two looks
let source, waits, tries = 0;
let looking = false, again = false;

export async function refresh() {
  if (looking) {
    again = true;
    return;
  }
  looking = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
    if (answer.status === 401 || answer.redirected) location.reload();
    else if (answer.ok) follow(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The connection is gone; the stream of events notices that and says so.
  }
  setTimeout(() => {
    looking = false;
    if (again) refresh();
    again = false;
  }, REST_MS);
}

function follow(next) {
  if (next.documentElement.dataset.version !== document.documentElement.dataset.version) {
    const typed = document.querySelector("#drop")?.dataset.touched;
    if (!typed) return location.reload();
  }
  const before = jobs();
  const active = document.activeElement;
  const home = active?.closest("[data-live]")?.id;
  const key = active?.closest("[data-key]")?.dataset.key;
  setClock(next);
  dress(next);
  tick(next);
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = next.getElementById(part.id);
    if (fresh) Idiomorph.morph(part, fresh, { callbacks: CAREFUL });
  }
  document.title = next.title;
  if (home && !document.contains(active)) refocus(home, key);
  tell(before, jobs());
}

// A question that is being answered stays the one that was asked.
const CAREFUL = {
  beforeNodeMorphed: (old) => !(atWork(old) || (old.tagName === "DETAILS" && old.open)),
  beforeNodeRemoved: (old) => !old.querySelector?.(".frame.open"),
};

// What had the focus went away: the same job elsewhere takes it, else the heading of its part.
function refocus(home, key) {
  const card = key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const target = card?.querySelector("a, button") ?? document.querySelector(`#${home} h2`);
  target?.focus({ preventScroll: true });
}

function jobs() {
  const cards = [...document.querySelectorAll("[data-live] [data-key]")];
  return new Map(cards.map(({ dataset: { key, kind, label } }) => [key, { kind, label }]));
}

const WORDS = { done: "is finished", held: "needs you", failed: "failed" };

function tell(before, after) {
  const news = [...after].filter(([key, { kind }]) => WORDS[kind] && before.get(key)?.kind !== kind);
  const told = news.slice(0, 3).map(([, { kind, label }]) => `${label} ${WORDS[kind]}`);
  if (news.length > 3) told.push(`and ${news.length - 3} more`);
  if (before.size) say(told.join(", "));
}

function show(is, text) {
  if (link.dataset.is === is) return;
  link.dataset.is = is;
  link.textContent = text;
}

function connect() {
  hangUp();
  source = new EventSource(link.dataset.events);
  source.onopen = () => {
    tries = 0;
    show("live", "Live");
    refresh();
  };
  source.addEventListener("changed", refresh);
  source.onerror = () => {
    hangUp();
    show("lost", "Not connected. Trying again by itself");
    waits = setTimeout(connect, Math.min(15000, 1000 * 2 ** tries++));
    refresh(); // perhaps it is there, and only wants the token again
  };
}

function hangUp() {
  clearTimeout(waits);
  source?.close();
}

// A page that nobody looks at holds no connection: browsers allow six to one address.
export function watch() {
  if (!link?.dataset.events) return;
  const look = () => (document.hidden ? hangUp() : connect());
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", hangUp);
  addEventListener("pageshow", (event) => event.persisted && look());
  addEventListener("online", look);
  look();
}
