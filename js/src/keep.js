// A finished panel that stays where it is, is not in the notebook: then it says so.
import { say } from "./dom.js";

/** How long the page's own update takes at most, and our extension, where it is installed. */
const UPDATE_MS = 1500;
const EXTENSION_MS = 20_000;

/**
 * Says `text` in `node` when nothing has taken the panel's place in time.
 * @param {HTMLElement} node
 * @param {string} text
 * @param {AbortSignal} signal
 */
export function keepWatch(node, text, signal) {
  if (node.title === text) return;
  node.title = text;
  say(node, "");
  if (!text) return;
  const extension = /** @type {any} */ (globalThis).kodiscNotebook;
  extension?.look();
  const timer = setTimeout(() => say(node, node.title), extension ? EXTENSION_MS : UPDATE_MS);
  signal.addEventListener("abort", () => clearTimeout(timer));
}
