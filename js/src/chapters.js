// Chapters under a video, the saved ones too: a click plays the video from there.
import { quietAll } from "./calm.js";
import { make } from "./dom.js";

/** How soon after a change of the page its new lists are looked for. */
const LOOK_MS = 200;

const LIST = ".kodisc-chapters";

/** @param {Element} item its start is a title, "3.467 s": sanitisers take a `datetime` away */
const start = (item) => parseFloat(item.querySelector("time")?.title ?? "");

/**
 * Makes a button of each chapter that is no link yet.
 * @param {Element} figure
 */
function enliven(figure) {
  for (const item of figure.querySelectorAll(`${LIST} > li`)) {
    if (item.querySelector("a, button")) continue;
    const button = make("button", "chapter");
    button.type = "button";
    button.style.cssText = "all:unset;outline:revert;color:var(--jp-content-link-color,inherit);cursor:pointer;text-decoration:underline";
    button.append(...item.childNodes);
    item.append(button);
  }
}

/** Follows every list in the page; called once by each of our scripts, and one of them does it. */
export function followChapters() {
  const page = /** @type {any} */ (globalThis);
  if (page.kodiscChapters) return;
  page.kodiscChapters = true;
  let due = 0;
  const look = () => {
    due = 0;
    document.querySelectorAll(".kodisc-video").forEach(enliven);
    quietAll();
  };
  // A figure may be filled before it is put into the page, so that none of its events is heard.
  new MutationObserver(() => (due ||= setTimeout(look, LOOK_MS))).observe(document, {
    childList: true,
    subtree: true,
  });
  look();
  document.addEventListener("click", (event) => {
    const item = /** @type {Element} */ (event.target).closest?.(`${LIST} > li`);
    const video = item?.closest(".kodisc-video")?.querySelector("video");
    if (!item || !video || Number.isNaN(start(item)) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    video.currentTime = start(item);
    video.play().catch(() => {}); // the player itself says that it cannot play
  });
}
