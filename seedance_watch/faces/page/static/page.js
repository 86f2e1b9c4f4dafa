// Everything that the page does beyond plain links and forms; it is usable without.

import { dress } from "./play.js";
import { setClock, tick } from "./times.js";
import { watch } from "./live.js";
import "./act.js";
import "./drop.js";

document.documentElement.classList.add("scripted");
setClock(document);
dress(document);
tick();
setInterval(tick, 1000, document);
watch();
