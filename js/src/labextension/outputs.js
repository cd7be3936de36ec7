// Our outputs in a notebook's model: which are panels, and how one becomes what it ended as.

export const WIDGET = "application/vnd.jupyter.widget-view+json";

/**
 * A panel (or a Studio) among the outputs of a cell.
 * @typedef {{ cell: any, at: number, output: any, id: string, studio: boolean }} Place
 */

/**
 * Every output of ours that still holds a widget.
 * @param {any} model a notebook's model
 * @returns {Place[]}
 */
export function places(model) {
  const found = [];
  for (const cell of model?.cells ?? []) {
    const outputs = cell.type === "code" ? cell.outputs : null;
    for (let at = 0; at < (outputs?.length ?? 0); at++) {
      const output = outputs.get(at);
      const kind = output.metadata?.kodisc;
      const id = output.data?.[WIDGET]?.model_id;
      if (!id || !["panel", "studio"].includes(kind)) continue;
      found.push({ cell, at, output, id, studio: kind === "studio" });
    }
  }
  return found;
}

/**
 * Puts other content in a panel's place: on the page, and in what is saved.
 * @param {Place} place
 * @param {Record<string, unknown>} data
 */
export function replace({ cell, at }, data) {
  cell.outputs.set(at, { output_type: "display_data", data, metadata: {} });
}

/**
 * Changes the line that stands in the file beside an open panel; the page shows the panel as before.
 * @param {Place} place
 * @param {string} text
 */
export function note({ cell, at, output }, text) {
  const shared = cell.sharedModel;
  if (!shared?.updateOutputs) return;
  const value = output.toJSON();
  const data = { ...value.data, "text/plain": text };
  shared.updateOutputs(at, at + 1, [{ ...value, data }], "silent-change");
}

/** @param {unknown} text */
const escaped = (text) =>
  String(text ?? "").replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/**
 * What a panel is whose kernel is gone.
 * @param {Place} place
 */
export function orphan({ cell, at, output, studio }) {
  const saved = cell.sharedModel?.getOutputs?.()[at]?.data?.["text/plain"];
  const text = [saved ?? output.data["text/plain"] ?? ""].flat().join("");
  const line = text.split("\n")[0] ?? "";
  const paid = text.includes("paid twice") ? "; nothing is paid twice." : ".";
  const head = studio
    ? "Studio needs its kernel: run the cell again."
    : "The job goes on: run the cell to see its video.";
  const more = studio ? "" : `Running it again finds the job${paid}`;
  const html =
    '<div class="kodisc-ended" style="border-left:4px solid #808080;padding:6px 12px;' +
    'font-size:13px;overflow-wrap:anywhere">' +
    `<strong>${head}</strong>${studio ? "" : `<br><bdi>${escaped(line)}</bdi><br>${more}`}</div>`;
  const plain = [studio ? "" : line, head, more].filter(Boolean).join("\n");
  return { "text/html": html, "text/plain": plain };
}
