// What anywidget loads: `_esm`.
import { keepCalm } from "./calm.js";
import { followChapters } from "./chapters.js";
import { mount } from "./panel.js";

keepCalm();
followChapters();

export default {
  /** @param {{ model: import("./types.d.ts").Model, el: HTMLElement, signal?: AbortSignal }} view */
  render: ({ model, el, signal }) => mount(model, el, signal),
};
