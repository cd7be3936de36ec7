import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, skew } from "../src/clock.js";

test("a duration reads as minutes and seconds, and as hours from the first one on", () => {
  assert.equal(clock(0), "0:00");
  assert.equal(clock(7_999), "0:07");
  assert.equal(clock(65_000), "1:05");
  assert.equal(clock(3_723_000), "1:02:03");
  assert.equal(clock(-5), "0:00");
});

test("a fresh state tells how far the browser's clock is off", () => {
  assert.equal(skew(1_300_000, 1_000_000, true), 300_000);
  assert.equal(skew(700_000, 1_000_000, true), -300_000);
  assert.equal(skew(1_000_900, 1_000_000, true), 0);
});

test("the state of a page just opened may be old, so it is no proof that the browser is ahead", () => {
  assert.equal(skew(1_300_000, 1_000_000, false), 0);
  assert.equal(skew(700_000, 1_000_000, false), -300_000);
});
