// For those who asked their system for less motion: no video starts or repeats by itself.

const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** Watches every figure of ours in the page, the saved ones too; called once. */
export function keepCalm() {
  // It does not bubble.
  document.addEventListener("play", ({ target }) => quiet(target), true);
  quietAll();
}

/** Quiets what is there now: a video that was filled in before it came into the page plays unheard. */
export function quietAll() {
  document.querySelectorAll(".kodisc-video video").forEach(quiet);
}

/** @param {EventTarget | null} target */
function quiet(target) {
  const video = /** @type {HTMLVideoElement} */ (target);
  if (!calm?.matches || !video.closest(".kodisc-video")) return;
  video.loop = false;
  if (video.autoplay) video.pause();
  video.autoplay = false; // from now on it is a person who presses play
}
