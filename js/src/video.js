// The finished video. Its element is made once and never touched again while it plays.
import { link, make, set } from "./dom.js";
import { safeUrl } from "./links.js";

/** How long to wait for the notebook's own figure to take the panel's place, before asking. */
const ASK_AFTER_MS = 1500;

/**
 * Fills `figure` with a finished render; asks the kernel for the video where only it has it.
 * @param {HTMLElement} figure
 * @param {import("./types.d.ts").State} state
 * @param {() => void} ask
 * @param {AbortSignal} signal
 */
export function showVideo(figure, state, ask, signal) {
  const video = state.video;
  const key = video ? JSON.stringify([state.job, video.src, video.ask]) : "";
  if (figure.dataset.key === key) return;
  figure.dataset.key = key;
  if (!video) return figure.replaceChildren(); // it is rendered again
  figure.dataset.shape = state.upright ? "upright" : "wide";
  figure.style.setProperty("--width", video.width ?? (state.upright ? "360px" : "854px"));
  const src = safeUrl(video.src);
  const place = make("div", "screen");
  place.style.aspectRatio = state.upright ? "9/16" : "16/9";
  figure.replaceChildren(place, make("figcaption", "receipt"));
  if (src) play(figure, state, src, video.poster, video.track);
  else if (video.ask) {
    place.append(
      make("p", "wait", "Loading the video…"),
    );
    const timer = setTimeout(ask, ASK_AFTER_MS);
    signal.addEventListener("abort", () => clearTimeout(timer));
  } else place.remove();
  caption(figure, state, src);
}

/**
 * Whether the video is still to come from the kernel.
 * @param {HTMLElement} figure
 * @param {import("./types.d.ts").State} state
 */
export function awaitsVideo(figure, state) {
  return Boolean(state.video?.ask) && !figure.querySelector("video");
}

/**
 * @param {HTMLElement} figure
 * @param {import("./types.d.ts").State} state
 * @param {string} src an address that has passed `safeUrl`, or one of our own blobs
 * @param {string | null} [poster]
 * @param {string | null} [track]
 */
export function play(figure, state, src, poster, track) {
  const options = state.video;
  const place = figure.querySelector(".kodisc-screen");
  if (!place || !options) return;
  const player = make("video", "player");
  player.controls = true;
  player.preload = "metadata";
  player.playsInline = true;
  player.loop = Boolean(options.loop);
  player.muted = player.autoplay = Boolean(options.autoplay);
  const described = options.alt || `Manim animation ${state.scene}`;
  set(player, { "aria-label": described, title: described, poster: safeUrl(poster) });
  const captions = safeUrl(track);
  if (captions) {
    const node = make("track");
    set(node, { kind: "captions", label: "Captions", src: captions });
    player.append(node);
  }
  player.src = src;
  place.replaceChildren(player);
  caption(figure, state, src);
}

/**
 * @param {HTMLElement} figure
 * @param {import("./types.d.ts").State} state
 * @param {string | null} src
 */
function caption(figure, state, src) {
  const links = [];
  if (src?.startsWith("blob:")) {
    const download = link(src, "Download");
    download.download = `${state.scene.replace(/\W+/g, "-")}.mp4`;
    links.push(download);
  } else if (src) links.push(link(src, "Open the video")); // of another site, a browser downloads nothing
  const captions = safeUrl(state.video?.captions);
  if (captions) links.push(link(captions, "Captions"));
  const receipt = make("p", "receipt-line", make("strong", "", make("bdi", "", state.scene)));
  for (const part of [state.settings, ...state.receipt]) receipt.append(` · ${part}`);
  if (state.job) receipt.append(" · job ", make("bdi", "", state.job));
  const caption = figure.querySelector(".kodisc-receipt");
  caption?.replaceChildren(receipt);
  for (const text of [state.video?.note, state.video?.alt]) {
    if (text) caption?.append(make("p", "note", text));
  }
  if (links.length) caption?.append(make("p", "links", ...links));
  const { chapters, transcript, told } = state.video ?? {};
  if (chapters) caption?.append(make("ol", "chapters", ...chapters.map(chapter)));
  if (transcript) caption?.append(make("details", "", make("summary", "", "Captions"), make("p", "spoken", transcript)));
  if (told) caption?.append(make("details", "transcript", make("summary", "", told[0]), make("p", "spoken", told[1].join("\n"))));
}

/** @param {[number, string, string]} chapter */
function chapter([at, clock, name]) {
  const time = make("time", "", clock);
  time.title = `${at} s`;
  return make("li", "", time, " ", make("bdi", "", name));
}
