// What the later panels of a kernel load: the bundle came with the first one, and is not sent again.

/** @typedef {import("./types.d.ts").Model} Model */
/** @typedef {{ model: Model & Later, el: HTMLElement, signal?: AbortSignal }} View */
/** @typedef {{ get(name: "first"): string, widget_manager: { get_model(id: string): Promise<First> } }} Later */
/** @typedef {{ get(name: "_esm"): string, bundle?: Promise<{ default: { render(view: View): () => void } }> }} First */

export default {
  /** @param {View} view */
  async render(view) {
    const first = await view.model.widget_manager.get_model(view.model.get("first"));
    const bundle = await (first.bundle ??= import(
      URL.createObjectURL(new Blob([first.get("_esm")], { type: "text/javascript" }))
    ));
    return bundle.default.render(view);
  },
};
