// The panel's buttons. The page only sends messages; the kernel acts, and answers when it is free.
import { make, say } from "./dom.js";
import { wayBack } from "./keep.js";

/** How long to wait for an answer before saying why there may be none. */
const PATIENCE_MS = 15_000;

/** @typedef {"cancel" | "stop" | "check" | "again"} Action */

/** @type {Record<Action, string>} */
const LABELS = { cancel: "Cancel", stop: "Stop watching", check: "Check again", again: "Render again" };

/** @type {Record<string, Action[]>} */
const OFFERED = {
  queued: ["stop"],
  running: ["stop"],
  fetching: ["stop"],
  lost: ["check", "stop"],
  detached: ["check"],
  failed: ["again"],
  completed: ["again"],
};

/**
 * The row of buttons and the line that answers them.
 * @param {import("./types.d.ts").Model} model
 * @param {AbortSignal} signal
 */
export function actions(model, signal) {
  const answer = make("p", "answer");
  answer.setAttribute("role", "status");
  const job = make("code", "job");
  const copy = button("Copy job ID", copyJob);
  const buttons = /** @type {Record<Action, HTMLButtonElement>} */ (
    Object.fromEntries(
      Object.entries(LABELS).map(([action, label]) => [
        action,
        button(label, () => (action === "again" ? confirm() : ask(/** @type {Action} */ (action)))),
      ]),
    )
  );
  const question = make("p", "question");
  const yes = button("Render again", () => ask("again"));
  const no = button("Keep this video", cancel);
  const asking = make("div", "confirm", question, yes, no);
  asking.addEventListener("keydown", (event) => event.key === "Escape" && cancel(), { signal });
  const of = make("span", "job-of", "job ", job);
  const row = make("div", "actions", of, copy);
  row.append(...Object.values(buttons));
  asking.hidden = answer.hidden = true;
  const node = make("div", "foot", row, asking, answer);
  /** @type {import("./types.d.ts").State} */
  let state;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let patience;
  signal.addEventListener("abort", () => clearTimeout(patience));

  /**
   * @param {string} label
   * @param {() => void} press
   */
  function button(label, press) {
    const made = make("button", "button", label);
    made.type = "button";
    made.addEventListener("click", press, { signal });
    return made;
  }

  function confirm() {
    if (!state.again) return ask("again");
    say(question, `Rendering it again costs credits: ${state.again}.`);
    asking.hidden = false;
    yes.focus();
  }

  function cancel() {
    asking.hidden = true;
    buttons.again.focus();
  }

  /** @param {Action} action */
  function ask(action) {
    if (!asking.hidden) cancel();
    try {
      model.send({ kind: "action", action });
    } catch {
      return reply(`The kernel is not connected. ${wayBack(state)}`);
    }
    const goesOn = action === "stop" ? " The job goes on." : "";
    reply(`Asked to ${LABELS[action].toLowerCase()}; the kernel answers when it is free.${goesOn}`);
    patience = setTimeout(
      () => say(answer, `No answer yet: the kernel is busy, or it was restarted. ${wayBack(state)}`),
      PATIENCE_MS,
    );
  }

  async function copyJob() {
    try {
      await navigator.clipboard.writeText(state.job ?? "");
      reply("Job ID copied.");
    } catch {
      of.hidden = false;
      getSelection()?.selectAllChildren(job); // no clipboard without https
      reply("The job ID is selected: copy it with the keyboard.");
    }
  }

  /** @param {string} text */
  function reply(text) {
    clearTimeout(patience);
    say(answer, text);
  }

  /** @param {import("./types.d.ts").State} next */
  function update(next) {
    const moved = state && state.phase !== next.phase;
    state = next;
    const ways = [...(OFFERED[next.phase] ?? []), ...(next.cancel ? ["cancel"] : [])];
    const offered = next.viewer ? [] : ways;
    const focused = node.contains(node.ownerDocument.activeElement);
    for (const [action, each] of Object.entries(buttons)) {
      each.hidden = !offered.includes(action);
    }
    if (buttons.again.hidden) asking.hidden = true;
    say(job, next.job ?? "");
    copy.hidden = !next.job;
    // The receipt names the job at the end.
    of.hidden = !next.job || next.phase === "completed";
    if (moved) reply("");
    node.hidden = !next.job && !offered.length && answer.hidden;
    // A button that is gone must not take the keyboard's place with it.
    if (focused && moved) [copy, ...Object.values(buttons)].find((each) => !each.hidden)?.focus();
  }

  return { node, update, reply };
}
