// A page without a browser, and a model without a kernel.
import { Window } from "happy-dom";
import { mount } from "../src/panel.js";

export const NOW = 1_760_000_007_400;

/** The state that `panel_json` sends for a cloud render, with what the test is about. */
export const state = (about = {}) => ({
  id: "r1",
  phase: "running",
  now: NOW,
  began: NOW - 7_400,
  since: NOW - 4_400,
  ended: null,
  headline: "Rendering on Kodisc",
  say: "",
  scene: "HelloKodisc",
  settings: "low · 854×480 · 15 fps",
  place: "cloud",
  upright: false,
  step: 3,
  job: "clx1",
  retry: null,
  money: [["Balance", "2,040 credits", "1,840 paid + 200 free"]],
  again: "This costs credits again, about 51.",
  guess: null,
  receipt: [],
  error: null,
  problem: null,
  video: null,
  ...about,
});

export const video = (about = {}) => ({
  src: "https://cdn.kodisc.test/video.mp4",
  ask: false,
  poster: null,
  track: null,
  captions: null,
  transcript: "",
  width: null,
  loop: false,
  autoplay: false,
  alt: "",
  note: "",
  ...about,
});

export const completed = (about = {}) =>
  state({
    phase: "completed",
    headline: "Finished",
    step: null,
    ended: NOW + 1_000,
    receipt: ["low · 854×480 · 15 fps", "51 credits", "job clx1"],
    video: video(),
    ...about,
  });

/** Mounts a panel on a fresh page, at NOW: time stands still unless the test moves it. */
export function stage(t, first = state()) {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"], now: NOW });
  const window = new Window();
  Object.assign(globalThis, { document: window.document, getSelection: () => window.getSelection() });
  const clipboard = { text: null, writeText: async (text) => void (clipboard.text = text) };
  Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
  const handlers = new Map();
  let current = first;
  const model = {
    sent: [],
    get: (name) => (name === "state" ? current : undefined),
    send: (content) => void model.sent.push(content),
    on: (event, callback) => void handlers.set(event, callback),
    off: (event) => void handlers.delete(event),
    handlers,
    push(next) {
      current = next;
      handlers.get("change:state")?.();
    },
    lose() {
      model.send = () => {
        throw new Error("comm is closed");
      };
      handlers.get("comm_live_update")?.();
    },
    tell: (message, buffers) => handlers.get("msg:custom")?.(message, buffers),
  };
  const el = window.document.createElement("div");
  window.document.body.append(el);
  const unmount = mount(model, el);
  t.after(unmount);
  const find = (selector) => el.querySelector(selector);
  const button = (label) =>
    [...el.querySelectorAll("button")].find((each) => each.textContent === label && seen(each));
  const text = (selector) => (seen(find(selector)) ? find(selector).textContent : "");
  return { model, el, find, button, text, unmount, window, clipboard, root: find(".kodisc-panel") };
}

/** Whether neither the element nor anything around it is hidden. */
export const seen = (node) => Boolean(node) && !node.closest("[hidden]");
