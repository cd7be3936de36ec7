import assert from "node:assert/strict";
import { test } from "node:test";
import { completed, seen, stage, state } from "./stage.js";

const OFFERED = {
  checking: [],
  submitting: [],
  retrying: [],
  rehearsing: [],
  queued: ["Stop watching"],
  running: ["Stop watching"],
  fetching: ["Stop watching"],
  lost: ["Stop watching", "Check again"],
  detached: ["Check again"],
  failed: ["Render again"],
  completed: ["Render again"],
};

test("each phase offers what helps in it", (t) => {
  const { el, model } = stage(t);
  for (const [phase, labels] of Object.entries(OFFERED)) {
    model.push(state({ phase }));
    const buttons = [...el.querySelectorAll(".kodisc-button")].filter(seen);
    assert.deepEqual(buttons.map((each) => each.textContent), ["Copy job ID", ...labels], phase);
  }
});

test("a render that can be called off offers that, and only then", (t) => {
  const { button, model } = stage(t, state({ cancel: true }));
  button("Cancel").click();
  assert.deepEqual(model.sent, [{ kind: "action", action: "cancel" }]);
  model.push(state());
  assert.equal(button("Cancel"), undefined);
});

test("a pressed button is answered at once, and the kernel gets a message, never a trait", (t) => {
  const { button, model, text } = stage(t);
  button("Stop watching").click();
  assert.deepEqual(model.sent, [{ kind: "action", action: "stop" }]);
  assert.match(text(".kodisc-answer"), /the kernel answers when it is free.*The job goes on/);
});

test("the kernel's answer takes the place of ours", (t) => {
  const { button, model, text } = stage(t, state({ phase: "lost" }));
  button("Check again").click();
  model.tell({ kind: "answer", action: "check", text: "Still out of reach." });
  assert.equal(text(".kodisc-answer"), "Still out of reach.");
  t.mock.timers.tick(60_000);
  assert.equal(text(".kodisc-answer"), "Still out of reach.");
});

test("a kernel that stays silent is explained, and that nobody pays twice", (t) => {
  const { button, text } = stage(t);
  button("Stop watching").click();
  t.mock.timers.tick(15_000);
  assert.match(text(".kodisc-answer"), /No answer yet.*you do not pay twice/);
});

test("what takes no credits is not said to be paid once", (t) => {
  const { button, text } = stage(t, state({ free: true }));
  button("Stop watching").click();
  t.mock.timers.tick(15_000);
  assert.match(text(".kodisc-answer"), /No answer yet.*Run the cell again to find the job\.$/);
});

test("a kernel that is gone is said at once", (t) => {
  const { button, model, text } = stage(t);
  model.send = () => {
    throw new Error("comm is closed");
  };
  button("Stop watching").click();
  assert.match(text(".kodisc-answer"), /not connected/);
});

test("the answer goes when the phase moves on", (t) => {
  const { button, model, text } = stage(t);
  button("Stop watching").click();
  model.push(state({ phase: "detached" }));
  assert.equal(text(".kodisc-answer"), "");
});

test("rendering again asks first when it would cost", (t) => {
  const { button, model, text } = stage(t, completed());
  button("Render again").click();
  assert.deepEqual(model.sent, []);
  assert.match(text(".kodisc-question"), /costs credits: about 51/);
  button("Keep this video").click();
  assert.equal(text(".kodisc-question"), "");
  assert.deepEqual(model.sent, []);
});

test("rendering again goes ahead after a yes", (t) => {
  const { find, button, model } = stage(t, completed());
  button("Render again").click();
  find(".kodisc-confirm .kodisc-button").click();
  assert.deepEqual(model.sent, [{ kind: "action", action: "again" }]);
});

test("Escape takes the question back and returns the focus", (t) => {
  const { find, button, model, window } = stage(t, completed());
  button("Render again").click();
  const event = new window.KeyboardEvent("keydown", { key: "Escape", bubbles: true });
  find(".kodisc-confirm").dispatchEvent(event);
  assert.equal(seen(find(".kodisc-confirm")), false);
  assert.equal(window.document.activeElement.textContent, "Render again");
  assert.deepEqual(model.sent, []);
});

test("rendering again where it costs nothing does not ask", (t) => {
  const { button, model } = stage(t, completed({ again: null }));
  button("Render again").click();
  assert.deepEqual(model.sent, [{ kind: "action", action: "again" }]);
});

test("the job ID is copied without the kernel", async (t) => {
  const { button, clipboard, model, text } = stage(t);
  button("Copy job ID").click();
  await new Promise((done) => queueMicrotask(done));
  assert.equal(clipboard.text, "clx1");
  assert.match(text(".kodisc-answer"), /copied/);
  assert.deepEqual(model.sent, []);
});

test("where there is no clipboard the job ID is selected", async (t) => {
  const { button, clipboard, text } = stage(t);
  clipboard.writeText = () => Promise.reject(new Error("not allowed"));
  button("Copy job ID").click();
  await Promise.resolve().then(() => {}).then(() => {});
  assert.match(text(".kodisc-answer"), /selected/);
});

test("the focus does not fall off the page when its button goes", (t) => {
  const { button, model, window } = stage(t);
  button("Stop watching").focus();
  model.push(state({ phase: "detached" }));
  assert.equal(window.document.activeElement.textContent, "Copy job ID");
});

test("who looks at a dashboard is offered nothing", (t) => {
  const { button } = stage(t, completed({ viewer: true }));
  assert.equal(button("Render again"), undefined);
});
