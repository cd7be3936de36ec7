// Time as the panel shows it: ticking in the browser, by the kernel's clock.

/**
 * A duration as `0:07` or `1:02:03`.
 * @param {number} milliseconds
 */
export function clock(milliseconds) {
  const whole = Math.max(0, Math.floor(milliseconds / 1000));
  const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

const DRIFT = 2000; // below this, two clocks differ by no more than a message's way

/**
 * How far the browser's clock is ahead of the kernel's, in milliseconds.
 *
 * A state that just arrived tells. One that was there when the page opened may be old, so it only
 * tells that the browser is behind.
 * @param {number} browser
 * @param {number} kernel
 * @param {boolean} fresh
 */
export function skew(browser, kernel, fresh) {
  const ahead = browser - kernel;
  return Math.abs(ahead) < DRIFT || (!fresh && ahead > 0) ? 0 : ahead;
}

/** @type {Set<() => void>} */
const tickers = new Set();
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;

/**
 * Calls `tick` every second until `signal` aborts: one timer for all panels of a page.
 * @param {() => void} tick
 * @param {AbortSignal} signal
 */
export function everySecond(tick, signal) {
  if (signal.aborted) return;
  tickers.add(tick);
  timer ??= setInterval(() => tickers.forEach((each) => each()), 1000);
  signal.addEventListener("abort", () => {
    tickers.delete(tick);
    if (tickers.size) return;
    clearInterval(timer);
    timer = undefined;
  });
}
