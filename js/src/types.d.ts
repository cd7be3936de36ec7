/** What the kernel says about one render: notebook/display/panel_json.py makes it. */
export interface State {
  phase: string;
  /** Milliseconds since the epoch by the kernel's clock, as are all times here. */
  now: number;
  began: number;
  ended: number | null;
  headline: string;
  say: string;
  scene: string;
  settings: string;
  upright: boolean;
  /** Which of the `STEPS`, from 1, a lost render was last heard of in. */
  step: number | null;
  job: string | null;
  retry: { attempt: number; attempts: number; at: number; reason: string } | null;
  /** Rows of label, value, detail. */
  money: [string, string, string][];
  /** What rendering again costs, in words that follow "this costs credits again, "; null: nothing. */
  again: string | null;
  /** While it runs: since when, and an earlier duration of this scene in ms as an estimate. */
  guess: [number, number] | null;
  /** Whole percent, while a render on this machine runs. */
  progress: number | null;
  /** The newest picture of a render on this machine that runs: a `data:` address. */
  preview: string | null;
  /** Whether the render may be cancelled. */
  cancel: boolean;
  /** What came out: seconds, credits. */
  receipt: string[];
  error: string | null;
  problem: Problem | null;
  video: Video | null;
  /** Who looks did not write this, and is offered nothing that costs. */
  viewer: boolean;
  /** The server takes no credits. */
  free: boolean;
}

export interface Problem {
  severity: string;
  message: string;
  where: string;
  hint: string;
  charged: string;
  full: string;
  full_title: string;
  excerpt: { number: number; text: string; mark: [number, number] | null }[];
}

/** Empty fields are left out. */
export interface Video {
  src?: string;
  /** The video comes from the kernel, on request. */
  ask?: boolean;
  poster?: string;
  track?: string;
  captions?: string;
  /** The captions' words, where they have no address of their own. */
  transcript?: string;
  /** Seconds, the clock that says them, and the name. */
  chapters?: [number, string, string][];
  /** What the video shows: a title, and lines. */
  told?: [string, string[]];
  width?: string;
  loop?: boolean;
  autoplay?: boolean;
  alt?: string;
  note?: string;
  /** The video is not to be in the notebook itself, or there is none to be yet. */
  apart?: boolean;
}

export type Message =
  | { kind: "hello"; now?: number }
  | { kind: "answer"; action: string; text: string }
  | { kind: "video"; part: number; parts: number; poster: string | null; track: string | null }
  | { kind: "missing"; text: string };

/** The part of an anywidget model that the panel uses. */
export interface Model {
  /** The state's fields: null, or nothing, where they are empty. */
  get(name: keyof State): any;
  /** How many times the kernel has sent something new. */
  get(name: "news"): number | undefined;
  send(content: unknown): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event: string, callback: (...args: any[]) => void): void;
}
