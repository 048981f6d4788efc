import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { StatusAnswer } from "../api.ts";
import { AppearanceButton } from "./appearance-button.tsx";
import { useCell } from "./cell.ts";
import { Foreign, Problem } from "./elements.tsx";
import { visible } from "./format.ts";
import { lookAt, problem, run, state, status } from "./instance.ts";
import type { LiveState } from "./live.ts";
import { LogView } from "./log/mod.ts";
import { LogOutButton } from "./log-out-button.tsx";
import { NowView } from "./now/mod.ts";
import { PART_VIEWS } from "./part-views.ts";
import { hashOf, wordsOf } from "./route.ts";
import { RunsView } from "./runs/mod.ts";
import { scrollDown } from "./scroll-down.ts";
import { ServicesView } from "./services/mod.ts";

const TABS = PART_VIEWS.flatMap(({ name: part, tab }) => (tab === undefined ? [] : [{ part, ...tab }]));
const VIEWS: readonly (readonly [name: string, title: string])[] = [
  ["services", "Services"],
  ["now", "Now"],
  ...TABS.map(({ name, title }) => [name, title] as const),
  ["runs", "Runs"],
  ["log", "Log"],
];

/** The view of the address, and the words that follow it. */
function placeNow(): readonly [view: string, ...ids: string[]] {
  const [view, ...ids] = wordsOf(location.hash);
  return view !== undefined && VIEWS.some(([name]) => name === view) ? [view, ...ids] : ["services"];
}

/** The scroll position of each address. */
const depths = new Map<string, number>();
const MOST_DEPTHS = 50;

/** Returns the view of the address. The back button also restores its scroll position. */
function usePlace(): readonly [view: string, ...ids: string[]] {
  const [place, setPlace] = useState(placeNow);
  const [depth, setDepth] = useState(0);
  // Before the first paint: an address that changes behind it would be missed.
  useLayoutEffect(() => {
    const moved = ({ oldURL }: HashChangeEvent) => {
      depths.delete(oldURL);
      depths.set(oldURL, scrollY);
      if (depths.size > MOST_DEPTHS) depths.delete(depths.keys().next().value!);
      const before = wordsOf(new URL(oldURL).hash);
      const next = placeNow();
      // A link leads to the top, the back button to the former position; another range of the same view keeps the position.
      if (history.state !== null) setDepth(depths.get(location.href) ?? 0);
      else setDepth(isSameCharts(before, next) ? scrollY : 0);
      history.replaceState({}, "");
      setPlace(next);
    };
    history.replaceState({}, "");
    addEventListener("hashchange", moved);
    // The browser would scroll before the hash changes, and the position would be lost. It handles a reload itself.
    addEventListener("pageshow", () => {
      history.scrollRestoration = "manual";
    });
    addEventListener("pagehide", () => {
      history.scrollRestoration = "auto";
    });
    return () => removeEventListener("hashchange", moved);
  }, []);
  useLayoutEffect(() => scrollDown(depth), [place]);
  return place;
}

/** Returns whether two addresses differ in the stretch of time alone. */
function isSameCharts(before: readonly string[], next: readonly string[]): boolean {
  if (before[0] !== next[0]) return false;
  return next[0] === "now" || (next[0] === "services" && next[1] !== undefined && before[1] === next[1]);
}

/** Returns whether the part of a view runs, as far as is known; others have none. */
function isThere(view: string, known: StatusAnswer | undefined): boolean {
  const part = TABS.find(({ name }) => name === view)?.part;
  return part === undefined || known === undefined || part in known.parts;
}

function titleOf(view: string, ids: readonly string[]): string {
  if (view === "services" && ids[0] !== undefined) return ids[0];
  if (view === "runs" && ids.length > 0)
    return ids.length === 1 ? `Run ${ids[0]}` : `Runs ${ids.slice(0, 2).join(", ")}`;
  return VIEWS.find(([name]) => name === view)?.[1] ?? "";
}

export function App() {
  const words = usePlace();
  const [view, ...ids] = words;
  const count = useCell(status)?.problems.filter(({ isMuted }) => isMuted !== true).length ?? 0;
  useEffect(() => {
    // A tab in the background says it too.
    document.title = `${count === 0 ? "" : `(${count}) `}${visible(titleOf(view, ids))} · tenk`;
  }, [words, count]);
  useEffect(() => {
    if (view === "now") lookAt(ids[0]);
  }, [words]);
  const error = useCell(problem);
  return (
    <>
      <Header view={view} address={hashOf(words)} />
      <main tabIndex={-1}>
        {error !== undefined && <Problem error={error} />}
        {view === "services" && <ServicesView ids={ids} />}
        {view === "now" && <NowView />}
        {TABS.map(({ name, View }) => view === name && <View key={name} named={ids[0]} />)}
        {view === "runs" && <RunsView ids={ids} />}
        {view === "log" && <LogView />}
      </main>
    </>
  );
}

function Header({ view, address }: { readonly view: string; readonly address: string }) {
  const known = useCell(status);
  const running = useCell(run);
  return (
    <header class="top">
      <a class="skip" href={address} onClick={() => document.querySelector("main")?.focus()}>
        Skip to the content
      </a>
      <h1 class="brand">
        <img src="assets/icon.svg" alt="" width={20} height={20} /> tenk
        {known !== undefined && (
          <span class="note">
            <Foreign text={known.tenk} />
          </span>
        )}
      </h1>
      <nav aria-label="Views">
        {VIEWS.filter(([name]) => name === view || isThere(name, known)).map(([name, title]) => (
          <a key={name} href={`#/${name}`} aria-current={view === name ? "page" : undefined}>
            {title}
            {name === "runs" && running !== undefined && running.now.lostAt === undefined && (
              <span class="dot" title="a load test is running">
                <span class="unseen"> (one is running)</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      <LiveSign />
      <AppearanceButton />
      <LogOutButton />
    </header>
  );
}

const STATES: Readonly<Record<LiveState, readonly [sign: string, words: string]>> = {
  connecting: ["◌", "connecting"],
  live: ["●", "live"],
  reconnecting: ["◐", "reconnecting"],
  stopped: ["■", "stopped"],
};

function LiveSign() {
  const now = useCell(state);
  const [sign, words] = STATES[now];
  return (
    <p class={`live ${now}`} role="status">
      <span aria-hidden="true">{sign}</span> {words}
    </p>
  );
}
