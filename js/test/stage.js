// A page without a browser, and a model without a kernel.
import { Window } from "happy-dom";
import { mount } from "../src/panel.js";

export const NOW = 1_760_000_007_400;

/** The state that `panel_json` sends for a cloud render, with what the test is about. */
export const state = (about = {}) => ({
  phase: "running",
  now: NOW,
  began: NOW - 7_400,
  ended: null,
  headline: "Rendering on Kodisc",
  say: "",
  scene: "HelloKodisc",
  settings: "low · 854×480 · 15 fps",
  upright: false,
  step: null,
  job: "clx1",
  retry: null,
  money: [["Balance", "2,040 credits", "1,840 paid + 200 free"]],
  again: null,
  guess: null,
  receipt: null,
  error: null,
  problem: null,
  video: null,
  free: null,
  ...about,
});

export const video = (about = {}) => ({
  src: "https://cdn.kodisc.test/video.mp4",
  ...about,
});

export const completed = (about = {}) =>
  state({
    phase: "completed",
    headline: "Finished",
    again: "about 51",
    ended: NOW + 1_000,
    receipt: ["rendered in 4.0 s", "51 credits"],
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
  let news = 1;
  const model = {
    sent: [],
    get: (name) => (name === "news" ? news : current[name]),
    send: (content) => void model.sent.push(content),
    on: (event, callback) => void handlers.set(event, callback),
    off: (event) => void handlers.delete(event),
    handlers,
    push(next, lost = 0) {
      current = next;
      news += 1 + lost;
      handlers.get("change")?.();
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
