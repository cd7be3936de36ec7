// Makes the "Show" buttons of a list of jobs work: the list itself is plain HTML, which stays.

/** @typedef {import("./types.d.ts").Model} Model */

const NOTEBOOK = ".jp-Notebook, .jp-NotebookPanel, .notebook-output-container";

export default {
  /** @param {{ model: Model, el: HTMLElement }} view */
  render({ model, el }) {
    const root = el.closest(NOTEBOOK) ?? document.body;
    root.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest("[data-kodisc-job]");
      if (button) model.send({ kind: "show", job: button.getAttribute("data-kodisc-job") });
    });
    for (const button of root.querySelectorAll("button[data-kodisc-job]")) {
      if (button instanceof HTMLElement) button.style.display = "";
    }
    model.send({ kind: "hello" });
  },
};
