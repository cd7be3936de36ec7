// For those who asked their system for less motion: no video starts or repeats by itself.

const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** Watches every figure of ours in the page, the saved ones too; called once. */
export function keepCalm() {
  document.addEventListener(
    "play",
    ({ target }) => {
      const video = /** @type {HTMLVideoElement} */ (target);
      if (!calm?.matches || !video.closest(".kodisc-video")) return;
      video.loop = false;
      if (video.autoplay) video.pause();
      video.autoplay = false; // from now on it is a person who presses play
    },
    true, // it does not bubble
  );
}
