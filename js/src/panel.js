// One panel: built once, then patched, so that nothing that plays or has the focus is disturbed.
import { actions } from "./actions.js";
import { clock, everySecond, kernelTime, span } from "./clock.js";
import { make, say, set } from "./dom.js";
import { keepWatch, wayBack } from "./keep.js";
import { safeUrl } from "./links.js";
import { errorCard } from "./problem.js";
import { pulse } from "./pulse.js";
import { awaitsVideo, play, showVideo } from "./video.js";

const STEPS = ["Check", "Send", "Queue", "Render", "Fetch"];
/**
 * Which of them, from 1, a phase is; of a lost render the kernel says it.
 * @type {Record<string, number>}
 */
const STEP_OF = { checking: 1, rehearsing: 1, submitting: 2, retrying: 2, queued: 3, running: 4, fetching: 5 };
/** @type {Record<string, string>} */
const MARKS = { retrying: "↻", lost: "?", failed: "!", completed: "✓", detached: "–" };
const ROW = ["label", "value", "more"];
const BRIEF = new Set(["checking", "queued"]);

/** The state's fields, and what they are where the kernel says nothing. */
const EMPTY = {
  phase: "",
  now: 0,
  began: 0,
  ended: null,
  headline: "",
  say: "",
  scene: "",
  settings: "",
  upright: false,
  step: null,
  job: null,
  retry: null,
  money: [],
  again: null,
  guess: null,
  progress: null,
  preview: null,
  cancel: false,
  receipt: [],
  error: null,
  problem: null,
  video: null,
  viewer: false,
  free: false,
};

/**
 * @param {import("./types.d.ts").Model} model
 * @returns {import("./types.d.ts").State}
 */
const read = (model) =>
  /** @type {any} */ (
    Object.fromEntries(
      Object.entries(EMPTY).map(([name, empty]) => [name, model.get(/** @type {any} */ (name)) ?? empty]),
    )
  );

/**
 * Shows the model's state in `el` until `outer` aborts or the returned function is called.
 * @param {import("./types.d.ts").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} [outer]
 */
export function mount(model, el, outer) {
  const life = new AbortController();
  const { signal } = life;
  outer?.addEventListener("abort", () => life.abort(), { signal });
  if (outer?.aborted) return () => {};

  const phase = make("p", "phase");
  phase.setAttribute("aria-live", "polite");
  const scene = make("bdi", "scene");
  const settings = make("span", "settings");
  const elapsed = make("span", "clock");
  set(elapsed, { role: "timer", title: "Elapsed time" });
  const steps = make("ol", "steps", ...STEPS.map((name) => make("li", "step", name)));
  const detail = make("p", "say");
  const countdown = make("p", "countdown");
  const guess = make("p", "guess");
  const preview = make("img", "preview");
  preview.alt = "The newest picture of this render";
  const money = make("div", "money");
  const problem = make("div", "problem");
  const figure = make("figure", "video");
  const keep = make("p", "keep");
  const foot = actions(model, signal);
  const mark = make("span", "mark");
  mark.setAttribute("aria-hidden", "true");
  const head = make(
    "div",
    "head",
    mark,
    make("div", "title", phase, make("p", "about", scene, settings)),
    elapsed,
  );
  const root = make("div", "panel");
  root.append(head, steps, countdown, detail, guess, problem, figure, keep, money, foot.node);

  let state = read(model);
  let latest = model.get("news") ?? 0;
  const time = kernelTime();
  let card = "none yet";
  let cut = false; // the kernel is gone, and with it all news
  const askForVideo = () => model.send({ kind: "action", action: "video" });
  const news = pulse(() => {
    if (awaitsVideo(figure, state)) askForVideo();
    else model.send({ kind: "hello", phase: state.phase });
  }, Date.now() - state.now);

  /** @param {boolean} fresh */
  function update(fresh) {
    state = read(model);
    time.heard(state.now, fresh);
    set(root, {
      role: "group", // a region each would make thirty landmarks of a notebook
      "data-phase": state.phase,
      "data-cut": cut ? "" : null,
      "data-brief": BRIEF.has(state.phase) ? "" : null,
      "aria-label": `Kodisc render of ${state.scene}`,
    });
    const goesOn = state.job ? "; the job goes on" : "";
    say(phase, cut ? `The kernel is gone${goesOn}. Last heard: ${state.headline}` : state.headline);
    mark.textContent = MARKS[state.phase] ?? "";
    say(scene, state.scene);
    say(settings, state.settings);
    say(detail, cut ? wayBack(state) : state.say);
    drawSteps();
    drawPreview();
    drawMoney();
    drawProblem();
    showVideo(figure, state, askForVideo, signal);
    figure.hidden = !state.video;
    keepWatch(keep, state, signal);
    foot.update(cut ? { ...state, phase: "cut" } : state); // nobody is there to press for
    tick();
  }

  function drawSteps() {
    const step = STEP_OF[state.phase] ?? state.step ?? 0;
    steps.hidden = !step || BRIEF.has(state.phase);
    [...steps.children].forEach((each, at) => {
      const now = at + 1 === step;
      const done = at + 1 < step;
      set(each, { "data-is": now ? "now" : done ? "done" : "next", "aria-current": now ? "step" : null });
    });
  }

  function drawPreview() {
    const src = safeUrl(state.preview);
    if (!src) return preview.remove();
    if (preview.getAttribute("src") !== src) preview.src = src;
    if (!preview.isConnected) problem.before(preview);
  }

  function drawMoney() {
    money.hidden = !state.money.length;
    const old = [...money.children];
    state.money.forEach((texts, at) => {
      let row = old[at];
      if (!row) money.append((row = make("div", "row", ...ROW.map((name) => make("span", name)))));
      [...row.children].forEach((node, i) => say(/** @type {HTMLElement} */ (node), texts[i] ?? ""));
    });
    old.slice(state.money.length).forEach((row) => row.remove());
  }

  function drawProblem() {
    const wanted = JSON.stringify([state.problem, state.phase === "failed" && state.error]);
    if (wanted === card) return;
    card = wanted;
    const made = errorCard(state);
    problem.replaceChildren(...(made ? [made] : []));
    problem.hidden = !made;
  }

  function tick() {
    if (cut) return;
    const now = state.ended ?? time.now();
    say(elapsed, clock(now - state.began));
    const retry = state.retry;
    const wait = retry && Math.max(0, Math.ceil((retry.at - now) / 1000));
    say(
      countdown,
      retry ? `Attempt ${retry.attempt} of ${retry.attempts} ${wait ? `in ${span(wait * 1000)}` : "now"}: ${retry.reason}` : "",
    );
    drawGuess(now);
  }

  /** @param {number} now by the kernel's clock */
  function drawGuess(now) {
    const [since, whole] = state.guess ?? [0, 0];
    const left = whole - (now - since);
    const known = whole && left > 0;
    const part = state.progress ?? (known ? Math.round(100 - (100 * left) / whole) : null);
    const current = /** @type {HTMLElement} */ (steps.children[3]);
    set(current, { "data-part": part === null ? null : "" });
    current.style.setProperty("--part", part === null ? "" : `${part}%`);
    const done = state.progress === null ? [] : [`${state.progress} % done`];
    const late = whole && state.progress === null ? ["taking longer than last time"] : [];
    const rest = known ? [`about ${span(left)} left`] : late;
    const said = [...done, ...rest].join("; ");
    say(guess, said && `${said[0]?.toUpperCase()}${said.slice(1)}.`);
  }

  function changed() {
    const missed = (model.get("news") ?? 0) - latest > 1;
    const fresh = (model.get("news") ?? 0) > latest; // else it is said once more, and may be old
    latest = model.get("news") ?? 0;
    news.heard(true);
    cut = false;
    update(fresh);
    if (missed) reach(news.now);
  }

  function second() {
    if (state.ended === null) tick();
    if (!cut && (state.ended === null || awaitsVideo(figure, state))) reach(news.second);
  }

  // ipywidgets says that the comm's life changed, not how: sending through a dead one throws.
  const connection = () => reach(news.now);

  /** @param {() => void} ask */
  function reach(ask) {
    const before = cut;
    try {
      ask();
      cut = false;
    } catch {
      cut = state.ended === null;
    }
    if (cut !== before) update(false);
  }

  /** @type {Map<number, BlobPart>} */
  const parts = new Map();
  /**
   * @param {import("./types.d.ts").Message} message
   * @param {DataView[]} [buffers]
   */
  function heard(message, buffers) {
    news.heard(message.kind === "video");
    if (message.kind === "hello" && message.now) time.heard(message.now, true);
    if ("text" in message) foot.reply(message.text);
    if (message.kind === "video" && buffers?.[0]) receive(message, buffers[0]);
  }

  /**
   * Gathers the parts of a video that this page has asked for; plays it once all are there.
   * @param {import("./types.d.ts").Message & { kind: "video" }} message
   * @param {DataView} part
   */
  function receive(message, part) {
    if (!awaitsVideo(figure, state)) return;
    parts.set(message.part, /** @type {BlobPart} */ (/** @type {unknown} */ (part)));
    if (parts.size < message.parts) return;
    const whole = [...parts].sort(([a], [b]) => a - b).map(([, each]) => each);
    parts.clear();
    const src = URL.createObjectURL(new Blob(whole, { type: "video/mp4" }));
    signal.addEventListener("abort", () => URL.revokeObjectURL(src));
    play(figure, state, src, message.poster, message.track);
  }

  const heeded = { change: changed, "msg:custom": heard, comm_live_update: connection };
  for (const [event, callback] of Object.entries(heeded)) model.on(event, callback);
  signal.addEventListener("abort", () => {
    for (const [event, callback] of Object.entries(heeded)) model.off(event, callback);
    root.remove();
  });

  Object.assign(el.style, { flex: "auto", minWidth: "0" }); // a flex box would shrink it to nothing
  update(false);
  everySecond(second, signal);
  el.append(root);
  return () => life.abort();
}
