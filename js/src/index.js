// What anywidget loads: `_esm`.
import { mount } from "./panel.js";

export default {
  /** @param {{ model: import("./types.d.ts").Model, el: HTMLElement, signal?: AbortSignal }} view */
  render: ({ model, el, signal }) => mount(model, el, signal),
};
