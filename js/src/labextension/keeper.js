// Looks after the panels of one open notebook: what they end as is put into its model, so that the
// file holds it, whatever became of the cell in the meantime.
//
// A page hears of an output that is updated only through the output area in which it was made. A
// cell that was moved, pasted or undone, and a tab that was opened again, have new ones.
import { gatherer } from "./parts.js";
import { note, orphan, places, replace } from "./outputs.js";
import { turn } from "./turn.js";

const TARGET = "kodisc_jupyter";

/** How long to wait for the page's own update before putting the end there ourselves. */
const OWN_UPDATE_MS = 1500;
/** How long a page that shares the document waits for each that comes before it to put it there. */
const SHARED_MS = 4000;
const SETTLE_MS = 200;

/**
 * @typedef {object} Keeper
 * @property {() => void} look
 * @property {(id: string) => import("./outputs.js").Place[]} here
 * @property {(id: string) => boolean} has
 * @property {(id: string, bundle: Record<string, unknown>) => void} finish
 */

/** @type {Set<Keeper>} */
const keepers = new Set();

/**
 * @param {any} panel a notebook's widget
 * @returns {Keeper}
 */
export function keeper(panel) {
  const session = panel.sessionContext;
  const model = panel.content.model ?? panel.context.model;
  /** Panels that this kernel is known to have, or, if they came while it ran, will have. */
  const alive = new Set();
  /** Panels that came with the file, or from before a restart: perhaps nobody has them any more. */
  const doubted = new Set(places(model).map(({ id }) => id));
  /** @type {any} */
  let comm = null;
  let opened = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon;
  let ready = false;

  const gather = gatherer((id, bundle) => keepers.forEach((each) => each.finish(id, bundle)));

  function look() {
    clearTimeout(soon);
    soon = setTimeout(() => void check(), SETTLE_MS);
  }

  async function check() {
    const open = places(model);
    if (panel.isDisposed || !ready || !open.length) return;
    const kernel = session.session?.kernel;
    if (!kernel) return bury(open.map(({ id }) => id));
    if (kernel.connectionStatus !== "connected" || kernel.status === "unknown") return;
    if (open.some(({ id }) => doubted.has(id))) await doubt(kernel);
    const panels = open.filter(({ studio }) => !studio).map(({ id }) => id);
    watch(kernel, panels.filter((id) => !doubted.has(id) && !alive.has(id)));
  }

  /** @param {any} kernel */
  async function doubt(kernel) {
    const reply = await kernel.requestCommInfo({ target_name: "jupyter.widget" });
    if (kernel !== session.session?.kernel || reply.content.status !== "ok") return;
    const gone = [...doubted].filter((id) => !(id in reply.content.comms));
    doubted.clear();
    bury(gone);
  }

  /**
   * @param {any} kernel
   * @param {string[]} ids
   */
  function watch(kernel, ids) {
    if (!ids.length) return;
    ids.forEach((id) => alive.add(id));
    if (!comm) void begin(kernel);
    else if (opened) comm.send({ kind: "watch", ids });
  }

  /**
   * Opens a comm, and asks for every panel that is known by then.
   * @param {any} kernel
   */
  async function begin(kernel) {
    const made = kernel.createComm(TARGET);
    comm = made;
    opened = false;
    made.onMsg = (/** @type {any} */ { content, buffers }) => heard(content.data, buffers);
    made.onClose = () => {
      if (comm !== made) return;
      comm = null; // there is nobody: what was asked for is not there either
      const lost = [...alive];
      alive.clear();
      bury(lost);
    };
    // Once a comm has its subshell, all it says goes there: what was said before waits for the cells
    // that run, is overtaken, and the kernel knows no such comm.
    await kernel.info.catch(() => {});
    const apart = kernel.supportsSubshells && made.commsOverSubshells !== "disabled";
    if (apart) await made.subshellStarted?.catch(() => {});
    if (comm !== made || kernel.isDisposed) return;
    made.open();
    opened = true;
    made.send({ kind: "watch", ids: [...alive] });
  }

  /**
   * @param {any} message
   * @param {DataView[]} [buffers]
   */
  function heard(message, buffers) {
    const { kind, id } = message;
    if (kind === "open") here(id).forEach((place) => model.collaborative || note(place, message.text));
    else if (kind === "ended") setTimeout(() => inTurn(() => fetch(id)), OWN_UPDATE_MS);
    else if (kind === "end") void gather(message, buffers?.[0]);
    else if (kind === "unknown") bury([id]);
  }

  /**
   * Does something that must be done once, unless a page that shares the document has done it.
   * @param {() => void} action
   */
  function inTurn(action) {
    if (model.collaborative) setTimeout(action, turn(model) * SHARED_MS);
    else action();
  }

  /** @param {string} id */
  function fetch(id) {
    const wanted = [...keepers].some((each) => each.here(id).length);
    if (wanted && comm && !comm.isDisposed) comm.send({ kind: "bundle", id });
    else alive.delete(id); // if it is pasted back, it is asked for again
  }

  /** @param {string[]} ids */
  const bury = (ids) => inTurn(() => nobody(ids));

  /** @param {string[]} ids */
  function nobody(ids) {
    for (const id of ids) {
      alive.delete(id);
      doubted.delete(id);
      if ([...keepers].some((each) => each.has(id))) continue; // pasted from another notebook
      here(id).forEach((place) => replace(place, orphan(place)));
    }
  }

  /** @param {string} id */
  const here = (id) => places(model).filter((place) => place.id === id);

  function restarted() {
    alive.forEach((id) => doubted.add(id));
    places(model).forEach(({ id }) => doubted.add(id));
    alive.clear();
    comm = null;
    look();
  }

  const status = () => {
    const now = session.session?.kernel?.status;
    if (now === "restarting" || now === "autorestarting") restarted();
    else look();
  };
  session.statusChanged.connect(status);
  session.connectionStatusChanged.connect(look);
  session.kernelChanged.connect(restarted);
  model.contentChanged.connect(look);
  panel.disposed.connect(() => {
    clearTimeout(soon);
    keepers.delete(self);
    model.contentChanged?.disconnect(look);
  });
  void Promise.all([panel.context.ready, session.ready]).then(() => {
    ready = true;
    places(model).forEach(({ id }) => doubted.add(id));
    look();
  });

  /** @type {Keeper} */
  const self = {
    look,
    here,
    /** @param {string} id */
    has: (id) => alive.has(id),
    /**
     * @param {string} id
     * @param {Record<string, unknown>} bundle
     */
    finish(id, bundle) {
      alive.delete(id);
      here(id).forEach((place) => replace(place, bundle));
    },
  };
  keepers.add(self);
  return self;
}

/** Looks again in every open notebook. */
export const lookEverywhere = () => keepers.forEach((each) => each.look());
