// The later panels of a kernel take the code from the model of the first one.
import assert from "node:assert/strict";
import { test } from "node:test";
import later from "../src/later.js";

const CODE = 'export default { render: (view) => { view.el.push("drawn"); return () => view.el.push("gone"); } };';

// Node imports no blob: addresses; a browser's page does.
URL.createObjectURL = () => `data:text/javascript,${encodeURIComponent(CODE)}`;

/** A page in which one panel has the code, and others know only where it is. */
function page() {
  const first = { get: (name) => (name === "_esm" ? CODE : undefined) };
  const widget_manager = { get_model: async (id) => (id === "m1" ? first : Promise.reject(id)) };
  const model = { get: (name) => (name === "first" ? "m1" : undefined), widget_manager };
  return { first, view: (about = {}) => ({ model, el: [], ...about }) };
}

test("a later panel is drawn by the first one's code, and taken down by it", async () => {
  const view = page().view();
  const gone = await later.render(view);
  assert.deepEqual(view.el, ["drawn"]);
  gone();
  assert.deepEqual(view.el, ["drawn", "gone"]);
});

test("the code is loaded once however many panels there are", async () => {
  const { first, view } = page();
  await later.render(view());
  const bundle = first.bundle;
  await later.render(view());
  assert.equal(first.bundle, bundle);
});
