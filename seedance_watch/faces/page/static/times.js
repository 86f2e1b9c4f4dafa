// Ages, remaining times and bars go on between two looks at the daemon.

const STEPS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
let ahead = 0; // how much later it is at the daemon than here, seconds

export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [size, unit] = STEPS.find(([size]) => whole >= size) ?? STEPS[3];
  return `${Math.floor(whole / size)} ${unit}`;
}

export function setClock(page) {
  ahead = Number(page.documentElement.dataset.at || 0) - Date.now() / 1000;
}

export function tick(root = document) {
  const now = Date.now() / 1000 + ahead;
  for (const time of root.querySelectorAll("[data-since]")) {
    const passed = now - Number(time.dataset.since);
    write(time, passed < 5 ? "just now" : `${span(passed)} ago`);
  }
  for (const time of root.querySelectorAll("[data-until]")) {
    const left = Number(time.dataset.until) - now;
    write(time, left > 0 ? time.dataset.left.replace("{}", span(left)) : time.dataset.over);
  }
  for (const bar of root.querySelectorAll("progress[data-from]")) {
    const [from, to] = [Number(bar.dataset.from), Number(bar.dataset.to)];
    bar.value = Math.min(0.98, Math.max(0, (now - from) / Math.max(1, to - from)));
  }
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
