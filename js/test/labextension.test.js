// The extension of JupyterLab and Notebook 7: which outputs are ours, and what takes their place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { note, orphan, places, replace, WIDGET } from "../src/labextension/outputs.js";
import { gatherer } from "../src/labextension/parts.js";
import { turn } from "../src/labextension/turn.js";

const panel = (id, kind = "panel") => ({
  output_type: "display_data",
  data: { [WIDGET]: { model_id: id }, "text/plain": "Hello · low · Queued\nIf no video follows" },
  metadata: { kodisc: kind },
});

/** A code cell as JupyterLab's model gives it: outputs with a getter, and a shared document. */
function cell(...list) {
  const shared = [...list];
  return {
    type: "code",
    outputs: {
      get length() { return list.length; },
      get: (at) => ({ ...list[at], toJSON: () => list[at] }),
      set: (at, value) => void (list[at] = value),
    },
    sharedModel: {
      getOutputs: () => shared,
      updateOutputs: (from, to, values) => void shared.splice(from, to - from, ...values),
    },
    list,
    shared,
  };
}

test("only our own outputs that still hold a widget are panels", () => {
  const other = { output_type: "display_data", data: { [WIDGET]: {} }, metadata: {} };
  const figure = { ...panel("b"), data: { "text/html": "<figure>" } };
  const stream = { output_type: "stream", data: {} };
  const cells = [{ type: "markdown" }, cell(stream, panel("a"), other, figure), cell(panel("c", "studio"))];
  assert.deepEqual(places({ cells }).map(({ at, id, studio }) => [at, id, studio]), [[1, "a", false], [0, "c", true]]);
  assert.deepEqual(places(null), []);
});

test("an end takes the panel's place; a note changes only what is saved", () => {
  const one = cell(panel("a"));
  const [place] = places({ cells: [one] });
  note(place, "Hello · Rendering");
  assert.equal(one.shared[0].data["text/plain"], "Hello · Rendering");
  assert.ok(WIDGET in one.shared[0].data);
  assert.match(orphan(place)["text/plain"], /^Hello · Rendering\nThe job goes on/);
  replace(place, { "text/html": "<figure>" });
  assert.deepEqual(one.list[0], { output_type: "display_data", data: { "text/html": "<figure>" }, metadata: {} });
});

test("a panel without its kernel says what it is, and nothing in it is HTML", () => {
  const hostile = panel("a");
  hostile.data["text/plain"] = ["<img src=x onerror=alert(1)>\n", "more"];
  const [place] = places({ cells: [cell(hostile)] });
  const html = orphan(place)["text/html"];
  assert.match(html, /The job goes on: run the cell to see its video\./);
  assert.ok(!html.includes("<img"));
  const [studio] = places({ cells: [cell(panel("s", "studio"))] });
  assert.match(orphan(studio)["text/plain"], /^Studio needs its kernel/);
});

test("an end that comes in parts is told once, whole", async () => {
  const whole = deflateSync(JSON.stringify({ "text/html": "é".repeat(900) }));
  const half = whole.length >> 1;
  const told = [];
  const gather = gatherer((id, bundle) => told.push([id, bundle["text/html"].length]));
  await gather({ id: "a", part: 1, parts: 2 }, new DataView(Uint8Array.from(whole.subarray(half)).buffer));
  assert.deepEqual(told, []);
  await gather({ id: "a", part: 0, parts: 2 }, new DataView(Uint8Array.from(whole.subarray(0, half)).buffer));
  assert.deepEqual(told, [["a", 900]]);
});

test("pages that share a document have a turn each, and all of them the same order", () => {
  const states = new Map([[7, {}], [1234567890, {}], [42, {}]]);
  const page = (clientID) => ({ sharedModel: { awareness: { clientID, getStates: () => states } } });
  assert.deepEqual([1234567890, 7, 42].map((id) => turn(page(id))), [2, 0, 1]);
  for (const alone of [page(8), {}, { sharedModel: {} }]) assert.ok(turn(alone) >= 0 && turn(alone) < 1);
});
