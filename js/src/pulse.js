// Asks the kernel how things stand after a silence: news can be lost on its way to the page.
//
// A Jupyter server drops what exceeds its rate, and a page that was reloaded can miss what passes
// while it loads. So whoever waits for news asks, less and less often, and never twice in vain: a
// busy kernel answers when it is free.

/** Seconds of silence before the first question, the second, and so on; the last one repeats. */
const PATIENCE_S = [10, 30, 60];

/**
 * @param {() => void} ask
 * @param {number} age milliseconds since the last news, where the page is younger than it
 */
export function pulse(ask, age) {
  let silent = Math.max(0, Math.floor(age / 1000));
  let asked = 0;
  let answered = true;

  function now() {
    silent = 0;
    asked += 1;
    answered = false;
    ask();
  }

  /** A second has passed in which news was waited for. */
  function second() {
    silent += 1;
    const patience = PATIENCE_S[Math.min(asked, PATIENCE_S.length - 1)] ?? 0;
    if (answered && silent >= patience) now();
  }

  /** @param {boolean} news whether the kernel said more than that it is there */
  function heard(news) {
    silent = 0;
    answered = true;
    if (news) asked = 0;
  }

  return { second, now, heard };
}
