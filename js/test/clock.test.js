import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, kernelTime, span } from "../src/clock.js";

/** The kernel's time in a browser whose clock stands at `now` and is moved by the test. */
const timeAt = (t, now) => {
  t.mock.timers.enable({ apis: ["Date"], now });
  return kernelTime();
};

test("an elapsed time reads as minutes and seconds, and as hours from the first one on", () => {
  assert.equal(clock(0), "0:00");
  assert.equal(clock(7_999), "0:07");
  assert.equal(clock(65_000), "1:05");
  assert.equal(clock(3_723_000), "1:02:03");
  assert.equal(clock(-5), "0:00");
});

test("a time that is left reads in words", () => {
  assert.equal(span(3_100), "4 s");
  assert.equal(span(60_000), "1 min");
  assert.equal(span(65_000), "1 min 5 s");
  assert.equal(span(3_723_000), "1 h 2 min");
  assert.equal(span(0), "0 s");
});

test("the first new state tells how far the browser's clock is off", (t) => {
  for (const [kernel, expected] of [[1_000_000, 1_000_000], [1_600_000, 1_600_000], [1_299_100, 1_300_000]]) {
    const time = timeAt(t, 1_300_000);
    time.heard(kernel, true);
    assert.equal(time.now(), expected);
    t.mock.timers.reset();
  }
});

test("the state of a page just opened may be old, so it is no proof that the browser is ahead", (t) => {
  const time = timeAt(t, 1_300_000);
  time.heard(1_000_000, false);
  assert.equal(time.now(), 1_300_000);
  time.heard(1_500_000, false);
  assert.equal(time.now(), 1_500_000);
});

test("a message that comes late does not turn the clock back", (t) => {
  const time = timeAt(t, 1_000_000);
  time.heard(1_000_000, true);
  t.mock.timers.tick(9_000);
  assert.equal(time.now(), 1_009_000);
  time.heard(1_001_000, true);
  assert.equal(time.now(), 1_009_000);
});

test("a first message that comes late stops the clock for a while, and turns nothing back", (t) => {
  const time = timeAt(t, 1_000_000);
  assert.equal(time.now(), 1_000_000);
  t.mock.timers.tick(8_000);
  assert.equal(time.now(), 1_008_000);
  time.heard(1_003_000, true);
  assert.equal(time.now(), 1_008_000);
  time.heard(1_008_000, true);
  t.mock.timers.tick(1_000);
  assert.equal(time.now(), 1_009_000);
});
