// How to come back to a render whose kernel is gone, and to a video that is not in the notebook.
import { say } from "./dom.js";

/** How long the page's own update takes at most, and our extension, where it is installed. */
const UPDATE_MS = 1500;
const EXTENSION_MS = 20_000;

/** @typedef {import("./types.d.ts").State} State */

/**
 * The end of a sentence about running a cell again; what is free is not paid at all.
 * @param {State} state
 */
const once = (state) => (state.free ? "." : "; you do not pay twice.");

/**
 * What to do when the kernel that watched a job is gone.
 * @param {State} state
 */
export const wayBack = (state) => `Run the cell again to find the job${once(state)}`;

/**
 * Says how to keep the video, when nothing has taken the place of its panel in time.
 * @param {HTMLElement} node
 * @param {State} state
 * @param {AbortSignal} signal
 */
export function keepWatch(node, state, signal) {
  const show = state.job ? ` or %kodisc show ${state.job}` : "";
  const text = state.video && !state.video.apart
    ? `Not in the notebook yet. To keep it there: run the cell again${show}${once(state)}`
    : "";
  if (node.title === text) return;
  node.title = text;
  say(node, "");
  if (!text) return;
  const extension = /** @type {any} */ (globalThis).kodiscNotebook;
  extension?.look();
  const timer = setTimeout(() => say(node, node.title), extension ? EXTENSION_MS : UPDATE_MS);
  signal.addEventListener("abort", () => clearTimeout(timer));
}
