/** What the kernel says about one render: `panel_json` in notebook/panel.py makes it. */
export interface State {
  id: string;
  phase: string;
  /** Milliseconds since the epoch by the kernel's clock, as are all times here. */
  now: number;
  began: number;
  since: number;
  ended: number | null;
  headline: string;
  say: string;
  scene: string;
  settings: string;
  place: string;
  upright: boolean;
  /** Index of the step that is being done, of `STEPS`; null when there is none. */
  step: number | null;
  job: string | null;
  retry: { attempt: number; attempts: number; at: number; reason: string } | null;
  /** Rows of label, value, detail. */
  money: [string, string, string][];
  /** The question to ask before rendering again costs something; null where it costs nothing. */
  again: string | null;
  /** An earlier duration of this scene in milliseconds: an estimate. */
  guess: number | null;
  receipt: string[];
  error: string | null;
  problem: Problem | null;
  video: Video | null;
}

type Emptiable =
  | ("ended" | "say" | "upright" | "step" | "job" | "retry" | "money" | "again" | "guess")
  | ("receipt" | "error" | "problem" | "video");

/** As it arrives: empty fields are left out. */
export type SentState = Omit<State, Emptiable> & Partial<Pick<State, Emptiable>>;

export interface Problem {
  severity: string;
  message: string;
  where: string;
  hint: string;
  charged: string;
  full: string;
  excerpt: { number: number; text: string; mark: [number, number] | null }[];
}

export interface Video {
  src: string | null;
  /** The video comes from the kernel, on request. */
  ask: boolean;
  poster: string | null;
  track: string | null;
  captions: string | null;
  /** The captions' words, where they have no address of their own. */
  transcript: string;
  width: string | null;
  loop: boolean;
  autoplay: boolean;
  alt: string;
  note: string;
}

export type Message =
  | { kind: "hello" }
  | { kind: "answer"; action: string; text: string }
  | { kind: "video"; part: number; parts: number; poster: string | null; track: string | null }
  | { kind: "missing"; text: string };

/** The part of an anywidget model that the panel uses. */
export interface Model {
  get(name: "state"): SentState;
  send(content: unknown): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event: string, callback: (...args: any[]) => void): void;
}
