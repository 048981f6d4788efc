import type { LogLine, NamesAnswer, PartsAnswer, SeriesAnswer, SeriesName, StatusAnswer } from "../api.ts";
import type { LiveRun, RunSeries } from "../run.ts";
import { RunCourse } from "../run-course.ts";
import { cell } from "./cell.ts";
import { ask, ClientError } from "./client.ts";
import { addSecond, emptyFrame, type Frame, frameOf } from "./frame.ts";
import { type LiveState, listenLive } from "./live.ts";
import { loadMarks } from "./marks.ts";
import { chartedKeys } from "./names.ts";
import { RANGES, type Range, stepFor } from "./range.ts";
import { lookOf, type Zoom } from "./route.ts";

/** The last second: its moment and each series' value. */
export interface Latest {
  readonly t: number;
  readonly values: ReadonlyMap<string, number | null>;
}

const STATUS_EVERY_MS = 2000;
const LOG_LINES = 1000;
const RESENT_LINES = 50;
/** A chart with coarse steps loads again after so many: the server's rolled-up points are more exact than our sums. */
const REFRESH_EVERY_STEPS = 5;
/** A coarse chart moves by less than a pixel a second: it is drawn this often at least. */
const SLOWEST_DRAW_MS = 10_000;
/** Services may change their state at any time, and others may post load tests. */
const MARKS_EVERY_MS = 15_000;
/** Names in one request: servers and proxies limit the length of a URL. */
const NAMES_EACH = 40;

/** All that the page knows of the tenk instance that serves it. Views read these cells; `lookAt` sets range and zoom. */
export const state = cell<LiveState>("connecting");
export const problem = cell<ClientError | undefined>(undefined);
export const names = cell<readonly SeriesName[]>([]);
export const status = cell<StatusAnswer | undefined>(undefined);
/** The parts that run. */
export const panels = cell<PartsAnswer>([]);
export const latest = cell<Latest>({ t: 0, values: new Map() });
export const frame = cell<Frame | undefined>(undefined);
export const range = cell<Range>(RANGES.find(({ name }) => name === localStorage.getItem("range")) ?? RANGES[0]!);
export const zoom = cell<Zoom | undefined>(undefined);
/** Log lines since the page was opened. */
export const freshLog = cell<readonly LogLine[]>([]);
/** Counts reconnects: views whose request failed send it again. */
export const reconnects = cell(0);
/** The run in progress or lost, and its course from its first second. */
export const run = cell<{ readonly now: LiveRun; readonly series: RunSeries } | undefined>(undefined);

const course = new RunCourse();
let courseId = "";
let liveKeys: readonly string[] = [];
let lastSecondMs = 0;
/** Series that the views of the machine and of parts draw. */
let ofViews: readonly string[] = [];
let loading: AbortController | undefined;
let loadedMs = 0;
let drawnMs = 0;
let markedMs = 0;
/** Seconds that arrived while a response was on its way, which may lack them. */
let meanwhile: Latest[] = [];

/**
 * Begins to listen. Once, when the page starts.
 *
 * @param charted names of series that the views of the machine and of parts draw
 */
export function start(charted: readonly string[]): void {
  ofViews = charted;
  listenLive({
    state(next) {
      const isBack = next === "live" && state.get() !== "connecting";
      state.set(next);
      if (!isBack) return;
      reconnects.set(reconnects.get() + 1);
      void loadStatus();
    },
    lost: () => void loadFrame(),
    names(keys) {
      liveKeys = keys;
      if (keys.some((key) => !names.get().some((each) => each.key === key))) void loadNames();
    },
    second: takeSecond,
    log(line) {
      // After an interruption the server sends the last lines again.
      const text = JSON.stringify(line);
      const last = freshLog.get().slice(-RESENT_LINES);
      if (!last.some((each) => JSON.stringify(each) === text))
        freshLog.set([...freshLog.get(), line].slice(-LOG_LINES));
      if (line.part === "app" && line.message === "reloaded") loadShownMarks();
    },
    run: takeRun,
  });
  void loadStatus();
  setInterval(() => {
    if (!document.hidden) void loadStatus();
  }, STATUS_EVERY_MS);
  range.subscribe((chosen) => {
    localStorage.setItem("range", chosen.name);
    zoom.set(undefined);
  });
  zoom.subscribe(() => void loadFrame());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    redraw();
    void loadStatus();
  });
}

/** Shows the range or zoom of an address; without one, the range that was chosen last. */
export function lookAt(word: string | undefined): void {
  const { range: chosen, zoom: stretch } = lookOf(word);
  if (chosen !== undefined && chosen !== range.get()) range.set(chosen);
  else if (stretch?.fromMs !== zoom.get()?.fromMs || stretch?.toMs !== zoom.get()?.toMs) zoom.set(stretch);
}

function takeSecond(second: { readonly t: number; readonly v: readonly (number | null)[] }): void {
  const values = new Map(liveKeys.map((key, index) => [key, second.v[index] ?? null]));
  const taken = { t: second.t, values };
  const isSetBack = second.t < lastSecondMs;
  lastSecondMs = second.t;
  if (!document.hidden) latest.set(taken);
  // The server's clock was set back: charts end at its present time.
  if (isSetBack) {
    drawnMs = 0;
    void loadFrame();
  }
  if (loading !== undefined) meanwhile.push(taken);
  const shown = frame.get();
  if (shown === undefined || zoom.get() !== undefined) return;
  if (!document.hidden && Math.abs(second.t - markedMs) >= MARKS_EVERY_MS) {
    markedMs = second.t;
    loadShownMarks();
  }
  addSecond(shown, taken, (key) => values.get(key) ?? null);
  if (second.t - drawnMs >= Math.min(SLOWEST_DRAW_MS, shown.stepMs / 10)) {
    drawnMs = second.t;
    redraw();
  }
  if (shown.stepMs > 1000 && Date.now() - loadedMs > shown.stepMs * REFRESH_EVERY_STEPS) void loadFrame();
}

/** A hidden page is not drawn: it is when it becomes visible. */
function redraw(): void {
  if (!document.hidden) frame.set(frame.get());
}

/** Takes the whole course of the run, or what is new in it. */
function takeRun(now: LiveRun | null): void {
  if (now === null) {
    run.set(undefined);
    loadShownMarks();
    return;
  }
  if (now.id !== courseId) course.clear();
  courseId = now.id;
  course.addSeries(now.series);
  run.set({ now, series: course.series() });
}

async function loadNames(): Promise<void> {
  await guarded(async () => {
    names.set((await ask<NamesAnswer>("/api/names")).series);
    await loadFrame();
  });
}

export async function loadStatus(): Promise<void> {
  await guarded(async () => {
    const known = await ask<StatusAnswer>("/api/status");
    // A reload may add or remove parts, and with them their panels.
    const runs = (each: string) => each in known.parts;
    if (panels.get().length !== Object.keys(known.parts).length || !panels.get().every(({ name }) => runs(name)))
      panels.set(await ask<PartsAnswer>("/api/parts"));
    status.set(known);
    if (names.get().length === 0) await loadNames();
  });
}

/** Loads the chosen range or zoom. A later call ends an earlier one. */
export async function loadFrame(): Promise<void> {
  if (names.get().length === 0) return;
  loading?.abort();
  const mine = new AbortController();
  loading = mine;
  meanwhile = [];
  const chosen = zoom.get();
  const toMs = chosen?.toMs ?? (lastSecondMs || Date.now());
  const fromMs = chosen?.fromMs ?? toMs - range.get().spanMs;
  const stepMs = chosen === undefined ? range.get().stepMs : stepFor(toMs - fromMs);
  const keys = chartedKeys(names.get(), ofViews, panels.get());
  const window = { fromMs, toMs, keys };
  void loadMarks(fromMs, chosen?.toMs ?? Date.now());
  await guarded(async () => {
    const answer = await askSeries({ from: Math.round(fromMs), to: Math.round(toMs), step: stepMs }, keys, mine.signal);
    const loaded = frameOf(answer, window);
    if (chosen === undefined)
      for (const each of meanwhile) addSecond(loaded, each, (key) => each.values.get(key) ?? null);
    loadedMs = Date.now();
    frame.set(loaded);
  });
  if (loading === mine) loading = undefined;
  if (frame.get() === undefined) frame.set(emptyFrame({ ...window, stepMs }));
}

/** Loads the marks again of what is shown: one has come. */
function loadShownMarks(): void {
  const nowMs = Date.now();
  const { fromMs, toMs } = zoom.get() ?? { fromMs: nowMs - range.get().spanMs, toMs: nowMs };
  void loadMarks(fromMs, toMs);
}

/** Requests series, in as many requests as their names need. @throws {ClientError} */
export async function askSeries(
  words: { from: number; to: number; step: number },
  keys: readonly string[],
  signal: AbortSignal,
) {
  const parts = Array.from({ length: Math.ceil(keys.length / NAMES_EACH) }, (_, index) =>
    ask<SeriesAnswer>(
      "/api/series",
      { name: keys.slice(index * NAMES_EACH, (index + 1) * NAMES_EACH), ...words },
      signal,
    ),
  );
  const answers = await Promise.all(parts);
  return { stepMs: answers[0]?.stepMs ?? words.step, series: answers.flatMap(({ series }) => series) };
}

/** Runs it, and keeps an error for the page to show. */
async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    problem.set(undefined);
  } catch (error) {
    if (error instanceof ClientError) problem.set(error);
    else if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
  }
}
