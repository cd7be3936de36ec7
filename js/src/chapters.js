// Chapters under a video, the saved ones too: a click plays the video from there.
import { make } from "./dom.js";

const LIST = ".kodisc-chapters";

/** @param {Element} item its start is in a `<time>`: "PT3.467S" */
const start = (item) =>
  parseFloat(/** @type {HTMLTimeElement | null} */ (item.querySelector("time"))?.dateTime.slice(2) ?? "");

/**
 * Makes a button of each chapter that is no link yet.
 * @param {Element | null} figure
 */
export function enliven(figure) {
  for (const item of figure?.querySelectorAll(`${LIST} > li`) ?? []) {
    if (item.querySelector("a, button")) continue;
    const button = make("button", "chapter");
    button.type = "button";
    button.style.cssText = "all:unset;cursor:pointer;text-decoration:underline;outline:revert";
    button.append(...item.childNodes);
    item.append(button);
  }
}

/** Follows every list in the page; called once by each of our scripts, and one of them does it. */
export function followChapters() {
  const page = /** @type {any} */ (globalThis);
  if (page.kodiscChapters) return;
  page.kodiscChapters = true;
  const enlivenAll = () => document.querySelectorAll(".kodisc-video").forEach(enliven);
  document.addEventListener(
    "loadedmetadata",
    ({ target }) => enliven(/** @type {Element} */ (target).closest(".kodisc-video")),
    true, // it does not bubble
  );
  enlivenAll();
  document.addEventListener("click", (event) => {
    const item = /** @type {Element} */ (event.target).closest?.(`${LIST} > li`);
    const video = item?.closest(".kodisc-video")?.querySelector("video");
    if (!item || !video || Number.isNaN(start(item)) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    video.currentTime = start(item);
    void video.play();
  });
}
