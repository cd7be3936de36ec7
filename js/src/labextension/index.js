// A prebuilt extension for JupyterLab and Notebook 7, without a bundler's runtime: the front end
// calls `init` with the packages it shares, and `get` for the plugin.
import { keepCalm } from "../calm.js";
import { followChapters } from "../chapters.js";
import { keeper, lookEverywhere } from "./keeper.js";

const NAME = "kodisc-jupyter";
const PACKAGE = "@jupyterlab/notebook";

/** @typedef {Record<string, Record<string, { get(): Promise<() => any>, loaded?: number }>>} Scope */

/** @type {Scope} */
let shared = {};

async function plugin() {
  const versions = Object.values(shared[PACKAGE] ?? {});
  const one = versions.find((each) => each.loaded) ?? versions[0];
  if (!one) return { id: `${NAME}:plugin`, autoStart: false, activate: () => {} };
  const { INotebookTracker } = (await one.get())();
  return {
    id: `${NAME}:plugin`,
    description: "Puts finished Kodisc videos into the notebook's file.",
    autoStart: true,
    optional: [INotebookTracker],
    /**
     * @param {unknown} _app
     * @param {any} tracker
     */
    activate(_app, tracker) {
      keepCalm(); // a saved figure is there without a panel
      followChapters();
      if (!tracker) return;
      tracker.forEach(keeper);
      tracker.widgetAdded.connect((/** @type {unknown} */ _, /** @type {any} */ panel) => keeper(panel));
      /** @type {any} */ (globalThis).kodiscNotebook = { look: lookEverywhere };
    },
  };
}

const page = /** @type {any} */ (globalThis);
page._JUPYTERLAB ??= {};
page._JUPYTERLAB[NAME] = {
  /** @param {Scope} scope */
  init: (scope) => void (shared = scope),
  get: async () => {
    const made = await plugin();
    return () => ({ __esModule: true, default: made });
  },
};
