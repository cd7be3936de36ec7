import assert from "node:assert/strict";
import { test } from "node:test";
import { mount } from "../src/panel.js";
import { NOW, completed, seen, stage, state, video } from "./stage.js";

const KEEP =
  "Not in the notebook yet. To keep it there: run the cell again or %kodisc show clx1; you do not pay twice.";

test("the panel says what happens, where, and with which scene", (t) => {
  const { root, text } = stage(t);
  assert.equal(root.dataset.phase, "running");
  assert.equal(text(".kodisc-phase"), "Rendering on Kodisc");
  assert.equal(text(".kodisc-scene"), "HelloKodisc");
  assert.equal(text(".kodisc-job"), "clx1");
});

test("the clock ticks in the browser, without a message", (t) => {
  const { text, model } = stage(t);
  assert.equal(text(".kodisc-clock"), "0:07");
  t.mock.timers.tick(3_000);
  assert.equal(text(".kodisc-clock"), "0:10");
  assert.deepEqual(model.sent, []);
});

test("a browser whose clock is off shows the kernel's time", (t) => {
  const { text, model } = stage(t);
  model.push(state({ now: 1_000_000, began: 991_000 }));
  assert.equal(text(".kodisc-clock"), "0:09");
});

test("a state that is said once more after a silence does not turn the clock back", (t) => {
  const { text, model } = stage(t);
  model.push(state());
  t.mock.timers.tick(10_000); // the panel asks
  model.push(state({ say: "what was lost" }), -1);
  model.tell({ kind: "hello", now: NOW + 10_000 });
  assert.equal(text(".kodisc-clock"), "0:17");
  t.mock.timers.tick(1_000);
  assert.equal(text(".kodisc-clock"), "0:18");
});

test("a render whose progress is known shows it as a number, a bar and a picture", (t) => {
  const { find, text, model } = stage(t, state({ progress: 0 }));
  assert.match(text(".kodisc-guess"), /^0 % done/);
  model.push(state({ progress: 42, preview: "data:image/jpeg;base64,AAAA", guess: [NOW - 4_400, 8_800] }));
  assert.match(text(".kodisc-guess"), /^42 % done; about 5 s left/);
  assert.equal(find("[data-part]").style.getPropertyValue("--part"), "42%");
  assert.equal(find("img.kodisc-preview").getAttribute("src"), "data:image/jpeg;base64,AAAA");
  assert.equal(seen(find(".kodisc-preview")), true);
  model.push(state({ progress: 99, guess: [NOW - 4_400, 4_000] }));
  assert.equal(text(".kodisc-guess"), "99 % done.");
  model.push(state({ preview: "javascript:alert(1)" }));
  assert.equal(seen(find(".kodisc-preview")), false);
});

test("an ended render's clock stands still", (t) => {
  const { text } = stage(t, completed());
  t.mock.timers.tick(60_000);
  assert.equal(text(".kodisc-clock"), "0:08");
});

test("only the phase and the answer to a button are spoken, never the clock", (t) => {
  const { el } = stage(t);
  const live = [...el.querySelectorAll("[aria-live], [role=status], [role=alert]")];
  assert.deepEqual(live.map((each) => each.className), ["kodisc-phase", "kodisc-answer"]);
});

test("a state that changes nothing in the phase's words does not touch them", (t) => {
  const { find, model } = stage(t);
  const words = find(".kodisc-phase").firstChild;
  model.push(state({ reserved: 40 }));
  assert.equal(find(".kodisc-phase").firstChild, words);
});

test("a retry counts down and names the attempt and the reason", (t) => {
  const at = state().now + 2_600;
  const retry = { attempt: 3, attempts: 5, at, reason: "the server answered 503" };
  const { text } = stage(t, state({ phase: "retrying", retry }));
  assert.equal(text(".kodisc-countdown"), "Attempt 3 of 5 in 3 s: the server answered 503");
  t.mock.timers.tick(2_000);
  assert.equal(text(".kodisc-countdown"), "Attempt 3 of 5 in 1 s: the server answered 503");
  t.mock.timers.tick(2_000);
  assert.equal(text(".kodisc-countdown"), "Attempt 3 of 5 now: the server answered 503");
});

test("without an earlier duration nothing claims to know how far the render is", (t) => {
  const { find, text } = stage(t);
  assert.equal(text(".kodisc-guess"), "");
  assert.equal(find("[data-part]"), null);
  assert.equal(find("progress, [aria-valuenow]"), null);
});

test("with an earlier duration the rest is marked as an estimate, until it is exceeded", (t) => {
  const { find, text } = stage(t, state({ guess: [NOW - 4_400, 8_800] }));
  assert.match(text(".kodisc-guess"), /^About 5 s left\./);
  assert.equal(find("[data-part]").style.getPropertyValue("--part"), "50%");
  t.mock.timers.tick(5_000);
  assert.match(text(".kodisc-guess"), /^Taking longer than last time/);
  assert.equal(find("[data-part]"), null);
});

test("rows of credits appear, change and go, in place", (t) => {
  const { el, model } = stage(t);
  const row = el.querySelector(".kodisc-row");
  model.push(state({ money: [["Balance", "2,040 → 1,989", "−51"], ["Budget", "347 left", ""]] }));
  assert.equal(el.querySelector(".kodisc-row"), row);
  assert.equal(row.textContent, "Balance2,040 → 1,989−51");
  assert.equal(el.querySelectorAll(".kodisc-row").length, 2);
  model.push(state({ money: [] }));
  assert.equal(seen(el.querySelector(".kodisc-money")), false);
});

test("a job that only waits takes the compact form", (t) => {
  const { root, text } = stage(t, state({ phase: "queued" }));
  assert.equal(root.hasAttribute("data-brief"), true);
  assert.equal(text(".kodisc-steps"), "");
});

test("the finished video has the right address, controls, shape and receipt", (t) => {
  const { find, text } = stage(t, completed({ upright: true, video: video({ loop: true }) }));
  const player = find("figure.kodisc-video video");
  assert.equal(player.getAttribute("src"), "https://cdn.kodisc.test/video.mp4");
  assert.equal(player.controls && player.loop, true);
  assert.equal(player.autoplay || player.muted, false);
  assert.equal(find(".kodisc-screen").style.aspectRatio.replaceAll(" ", ""), "9/16");
  assert.match(text(".kodisc-receipt"), /HelloKodisc · low · 854×480 · 15 fps · rendered in 4.0 s · 51 credits · job clx1/);
  assert.equal(text(".kodisc-links"), "Open the video"); // a browser downloads nothing of another site
});

test("a video that plays is never touched by a later state", (t) => {
  const { find, model } = stage(t, completed());
  const player = find("video");
  model.push(completed({ money: [], say: "The balance was read again." }));
  assert.equal(find("video"), player);
});

test("captions without an address of their own can be opened and read", (t) => {
  const { find } = stage(t, completed({ video: video({ transcript: "A theorem.\nIts proof." }) }));
  assert.equal(find("details summary").textContent, "Captions");
  assert.equal(find("details p").textContent, "A theorem.\nIts proof.");
});

test("a render that begins again shows its new video, not the old one", (t) => {
  const { find, model } = stage(t, completed());
  const old = find("video");
  model.push(state({ phase: "submitting", job: null }));
  assert.equal(find("video"), null);
  model.push(completed());
  assert.notEqual(find("video"), old);
});

test("autoplay is muted: browsers play nothing aloud unasked", (t) => {
  const { find } = stage(t, completed({ video: video({ autoplay: true }) }));
  assert.equal(find("video").muted, true);
});

test("captions become a track only as data of our own, and a link", (t) => {
  const captions = "https://cdn.kodisc.test/captions.vtt";
  const track = "data:text/vtt;base64,V0VCVlRU";
  const { find, text } = stage(t, completed({ video: video({ captions, track }) }));
  assert.equal(find("track").getAttribute("src"), track);
  assert.match(text(".kodisc-links"), /Captions/);
});

test("a page that has nothing but the panel asks for the video, and shows its parts in order", (t) => {
  const made = [];
  t.mock.method(URL, "createObjectURL", (blob) => (made.push(blob), "blob:kodisc/1"));
  const { find, model, text } = stage(t, completed({ video: video({ src: null, ask: true }) }));
  assert.match(text(".kodisc-screen"), /^Loading the video…$/);
  assert.deepEqual(model.sent, []);
  t.mock.timers.tick(2_000);
  assert.deepEqual(model.sent, [{ kind: "action", action: "video" }]);
  const part = (part) => ({ kind: "video", part, parts: 2, poster: null, track: null });
  model.tell(part(1), [new DataView(new Uint8Array([3]).buffer)]);
  assert.equal(find("video"), null);
  model.tell(part(0), [new DataView(new Uint8Array([1, 2]).buffer)]);
  assert.equal(find("video").getAttribute("src"), "blob:kodisc/1");
  assert.equal(made[0].size, 3);
  model.tell(part(0), [new DataView(new Uint8Array([1, 2]).buffer)]);
  assert.equal(made.length, 1);
});

test("a panel that is replaced before it asks never asks", (t) => {
  const { model, unmount } = stage(t, completed({ video: video({ src: null, ask: true }) }));
  unmount();
  t.mock.timers.tick(10_000);
  assert.deepEqual(model.sent, []);
});

test("an error card shows the line, the mark, the hint and what it cost", (t) => {
  const problem = {
    severity: "error",
    message: "NameError: name 'titel' is not defined",
    where: "line 4",
    hint: "The name is written title.",
    charged: "You were charged 0 credits.",
    full: "Traceback …",
    full_title: "The full error text",
    excerpt: [
      { number: 9, text: "title = Text()", mark: null },
      { number: 10, text: "Write(titel)", mark: [6, 11] },
    ],
  };
  const { find, text } = stage(t, state({ phase: "failed", problem, ended: 1 }));
  assert.equal(find(".kodisc-error mark").textContent, "titel");
  assert.match(text(".kodisc-message"), /^Line 4: NameError/);
  assert.match(text(".kodisc-code"), /^ 9title = Text\(\)\n10Write\(titel\)\n$/);
  assert.match(text(".kodisc-hint"), /written title/);
  assert.match(text(".kodisc-charged"), /0 credits/);
  assert.equal(text(".kodisc-error summary"), "The full error text");
});

test("a failure without a diagnostic shows the server's words", (t) => {
  const { text } = stage(t, state({ phase: "failed", error: "Out of memory", ended: 1 }));
  assert.equal(text(".kodisc-error"), "Out of memory");
});

test("hostile text stays text and hostile addresses become nothing", (t) => {
  const evil = `<img src=x onerror=alert(1)>"'\u202e😀`;
  const hostile = completed({
    scene: evil,
    headline: evil,
    say: evil,
    job: evil,
    money: [[evil, evil, evil]],
    receipt: [evil],
    video: video({
      src: "javascript:alert(1)",
      captions: "data:text/html,<script>1</script>",
      poster: "//evil.example/x",
      alt: evil,
      note: evil,
    }),
  });
  const { el, model } = stage(t, hostile);
  model.push({ ...hostile, phase: "failed", error: evil, video: null });
  model.push(hostile);
  assert.equal(el.querySelectorAll("img, script, a, video").length, 0);
  assert.equal(el.querySelector(".kodisc-scene").textContent, evil);
  for (const each of el.querySelectorAll("*")) {
    for (const name of each.getAttributeNames()) assert.doesNotMatch(name, /^on/);
  }
});

test("a panel that is taken away leaves no listener, no timer and no element", (t) => {
  const { model, el, unmount } = stage(t);
  const clear = t.mock.method(globalThis, "clearInterval");
  unmount();
  assert.equal(model.handlers.size, 0);
  assert.equal(el.childElementCount, 0);
  assert.equal(clear.mock.callCount(), 1);
});

test("a panel that is gone before the code is there is not drawn", (t) => {
  const { model, window } = stage(t);
  const el = window.document.createElement("div");
  model.handlers.clear();
  mount(model, el, AbortSignal.abort());
  assert.equal(el.childElementCount, 0);
  assert.equal(model.handlers.size, 0);
});

test("a panel whose kernel is gone says so, and that the job goes on", (t) => {
  const { button, model, root, text } = stage(t);
  model.lose();
  assert.match(text(".kodisc-phase"), /The kernel is gone; the job goes on.*Rendering on Kodisc/);
  assert.equal(button("Stop watching"), undefined);
  assert.match(text(".kodisc-say"), /Run the cell again to find the job/);
  t.mock.timers.tick(5_000);
  assert.equal(text(".kodisc-clock"), "0:07");
  model.push(state());
  assert.equal(text(".kodisc-phase"), "Rendering on Kodisc");
  assert.equal(root.hasAttribute("data-cut"), false);
});

test("a connection that comes back is no reason to worry anybody", (t) => {
  const { model, text } = stage(t);
  model.handlers.get("comm_live_update")();
  assert.equal(text(".kodisc-phase"), "Rendering on Kodisc");
});

test("an ended render does not mind that its kernel is gone", (t) => {
  const { model, text } = stage(t, completed());
  model.lose();
  assert.equal(text(".kodisc-phase"), "Finished");
});

const hello = { kind: "hello", phase: "running" };

test("a silence makes the panel ask, less and less often, and never twice in vain", (t) => {
  const { model } = stage(t);
  const after = (/** @type {number} */ seconds) => {
    model.sent.length = 0;
    t.mock.timers.tick(seconds * 1000);
    return model.sent;
  };
  assert.deepEqual(after(9), []);
  assert.deepEqual(after(1), [hello]);
  assert.deepEqual(after(600), []); // the kernel is busy
  model.tell({ kind: "hello" });
  assert.deepEqual(after(29), []);
  assert.deepEqual(after(1), [hello]);
  model.push(state({ say: "news" }));
  assert.deepEqual(after(10), [hello]);
});

test("news that was lost on its way is asked for as soon as the next arrives", (t) => {
  const { model, text } = stage(t);
  model.push(state({ headline: "Fetching", job: null }), 1);
  assert.deepEqual(model.sent, [hello]);
  model.push(state(), -1); // the kernel says all again, counted as before
  assert.equal(text(".kodisc-job"), "clx1");
  assert.equal(model.sent.length, 1);
});

test("a page that opened on an old state asks at once whether it is still true", (t) => {
  const { model } = stage(t, state({ now: NOW - 60_000 }));
  t.mock.timers.tick(1_000);
  assert.deepEqual(model.sent, [hello]);
});

test("an ended panel asks for nothing", (t) => {
  const { model } = stage(t, completed());
  t.mock.timers.tick(600_000);
  assert.deepEqual(model.sent, []);
});

test("a video that was lost on its way is asked for again", (t) => {
  const { model, find } = stage(t, completed({ video: video({ src: null, ask: true }) }));
  const wanted = { kind: "action", action: "video" };
  t.mock.timers.tick(2_000);
  assert.deepEqual(model.sent, [wanted]);
  const part = { kind: "video", part: 0, parts: 2, poster: null, track: null };
  model.tell(part, [new DataView(new ArrayBuffer(1))]);
  t.mock.timers.tick(10_000);
  assert.deepEqual(model.sent, [wanted, wanted]);
  model.tell(part, [new DataView(new ArrayBuffer(1))]);
  model.tell({ ...part, part: 1 }, [new DataView(new ArrayBuffer(1))]);
  assert.ok(find("video"));
  t.mock.timers.tick(600_000);
  assert.equal(model.sent.length, 2);
});

test("a kernel that is found dead while asking is said to be gone", (t) => {
  const { model, text } = stage(t);
  model.send = () => {
    throw new Error("comm is closed");
  };
  t.mock.timers.tick(10_000);
  assert.match(text(".kodisc-phase"), /^The kernel is gone/);
});

test("a finished panel that stays says that the notebook does not hold the video, and how to keep it", (t) => {
  const { model, text } = stage(t);
  model.push(completed({ video: video() }));
  assert.equal(text(".kodisc-keep"), "");
  t.mock.timers.tick(1_500);
  assert.equal(text(".kodisc-keep"), KEEP);
});

test("a video that is not to be in the notebook is not said to be missing there", (t) => {
  const { model, text } = stage(t);
  model.push(completed({ video: video({ apart: true }) }));
  t.mock.timers.tick(20_000);
  assert.equal(text(".kodisc-keep"), "");
});

test("where the extension is, it is given time", (t) => {
  let looked = 0;
  globalThis.kodiscNotebook = { look: () => (looked += 1) };
  t.after(() => delete globalThis.kodiscNotebook);
  const { model, text } = stage(t);
  model.push(completed({ video: video() }));
  t.mock.timers.tick(1_500);
  assert.deepEqual([looked, text(".kodisc-keep")], [1, ""]);
  t.mock.timers.tick(20_000);
  assert.equal(text(".kodisc-keep"), KEEP);
});
