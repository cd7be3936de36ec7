// Time as the panel shows it: ticking in the browser, by the kernel's clock.

/**
 * Hours, minutes and seconds.
 * @param {number} seconds
 * @returns {[number, number, number]}
 */
function parts(seconds) {
  const whole = Math.max(0, seconds);
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
}

/**
 * An elapsed time as `0:07` or `1:02:03`.
 * @param {number} milliseconds
 */
export function clock(milliseconds) {
  const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [h, m, s] = parts(Math.floor(milliseconds / 1000));
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/**
 * A length of time in words, as `words.span` of the kernel has it: `24 s`, `1 min 5 s`, `2 h 3 min`.
 * @param {number} milliseconds
 */
export function span(milliseconds) {
  const [h, m, s] = parts(Math.ceil(milliseconds / 1000));
  const said = h ? [`${h} h`, m && `${m} min`] : [m && `${m} min`, (s || !m) && `${s} s`];
  return said.filter(Boolean).join(" ");
}

const DRIFT = 2000; // below this, two clocks differ by no more than a message's way
const JUMP = 30_000; // above this, it is the clock that was wrong, not a message that was late

/**
 * The kernel's time, as far as its messages tell; it never runs backwards by a late message.
 *
 * A message takes a while, so the one with the smallest lag tells best. One that may be old (the
 * state a page opens with, a state that is sent once more) only tells that the browser is behind.
 */
export function kernelTime() {
  let ahead = 0;
  let sure = false;
  let last = -Infinity;

  /**
   * @param {number} kernel its clock when it sent a message
   * @param {boolean} fresh whether the message is new
   */
  function heard(kernel, fresh) {
    const lag = Date.now() - kernel;
    if (!fresh || sure) ahead = Math.min(ahead, lag);
    else ahead = Math.abs(lag) < DRIFT ? 0 : lag;
    sure ||= fresh;
  }

  /** Milliseconds since the epoch. */
  function now() {
    const time = Date.now() - ahead;
    last = time < last && last - time < JUMP ? last : time;
    return last;
  }

  return { heard, now };
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
