// Chapters under a video: a click, or a key on a button, plays the video from there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "happy-dom";
import { completed, stage, video } from "./stage.js";

const FIGURE =
  '<figure class="kodisc-video"><video></video><figcaption><ol class="kodisc-chapters">' +
  '<li><time title="0 s">0:00</time> <bdi>Start</bdi></li>' +
  '<li><time title="3.467 s">0:03</time> <bdi>Proof</bdi></li>' +
  '<li><a href="video.mp4#t=7.5"><time title="7.5 s">0:07</time> <bdi>End</bdi></a></li>' +
  "</ol></figcaption></figure>";

/** A saved figure on a page in which our script runs. */
async function page() {
  const window = new Window();
  Object.assign(globalThis, { document: window.document, MutationObserver: window.MutationObserver });
  delete globalThis.kodiscChapters;
  window.document.body.innerHTML = FIGURE;
  const { followChapters } = await import("../src/chapters.js");
  followChapters();
  const player = window.document.querySelector("video");
  let plays = 0;
  player.play = async () => void plays++;
  return { window, player, plays: () => plays, items: [...window.document.querySelectorAll("li")] };
}

test("each chapter becomes a button, and a link stays one", async () => {
  const { items } = await page();
  assert.deepEqual(items.map((item) => item.firstElementChild.tagName), ["BUTTON", "BUTTON", "A"]);
  assert.equal(items[1].textContent, "0:03 Proof");
});

test("a click plays from the chapter's exact start, also where a link would open the file", async () => {
  const { items, player, plays, window } = await page();
  items[1].querySelector("button").click();
  assert.equal(player.currentTime, 3.467);
  const click = new window.MouseEvent("click", { bubbles: true, cancelable: true });
  items[2].querySelector("bdi").dispatchEvent(click);
  assert.equal(player.currentTime, 7.5);
  assert.equal(click.defaultPrevented, true);
  assert.equal(plays(), 2);
});

test("a video that cannot be played leaves no error behind", async () => {
  const { items, player } = await page();
  player.play = () => Promise.reject(new Error("no supported source"));
  items[1].querySelector("button").click();
  await new Promise((done) => setImmediate(done)); // an error that nobody catches fails the test
  assert.equal(player.currentTime, 3.467);
});

test("a figure that comes later gets its buttons, too", async () => {
  const { window } = await page();
  window.document.body.innerHTML = FIGURE;
  const made = () => window.document.querySelectorAll("li button").length === 2;
  const until = Date.now() + 20_000;
  while (!made() && Date.now() < until) await new Promise((done) => setTimeout(done, 20));
  assert.ok(made());
});

test("the finished panel has chapters and what the video shows, too", (t) => {
  const chapters = [[0, "0:00", "Start"], [3.467, "0:03", "Proof"]];
  const told = ["What the video shows", ["0:00 A circle.", "0:03 A square."]];
  const { find } = stage(t, completed({ video: video({ chapters, told }) }));
  const list = find("ol.kodisc-chapters");
  assert.deepEqual([...list.children].map((item) => item.textContent), ["0:00 Start", "0:03 Proof"]);
  assert.equal(list.children[1].querySelector("time").title, "3.467 s");
  assert.equal(find("details.kodisc-transcript summary").textContent, "What the video shows");
  assert.match(find("details.kodisc-transcript").textContent, /A circle.\n0:03 A square./);
});
