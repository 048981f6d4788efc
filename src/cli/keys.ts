/** What keys do during a load test. */
export interface KeyActions {
  /** `q`: end early, with a full report. */
  end(): void;
  /** Ctrl-C, which a terminal in raw mode sends as a byte instead of a signal. */
  interrupt(): void;
  /** `+`, `-`, Up and Down: multiply the rate. */
  scaleRate(factor: number): void;
}

/** Five presses double it, as in tcpkali. */
const STEP = 2 ** (1 / 5);

/** A part of the interface of `process.stdin`. */
export interface Keyboard {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: "data", listener: (bytes: Uint8Array | string) => void): unknown;
  off(event: "data", listener: (bytes: Uint8Array | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Listens to single keys until disposed; undefined without a terminal. */
export function readKeys(actions: KeyActions, keyboard: Keyboard = process.stdin): Disposable | undefined {
  if (!keyboard.isTTY || !keyboard.setRawMode) return undefined;
  const onData = (bytes: Uint8Array | string) => pressed(String(bytes), actions);
  // However the process ends, the shell needs its line editing back.
  const restore = () => void keyboard.setRawMode?.(false);
  keyboard.setRawMode(true);
  keyboard.on("data", onData);
  keyboard.resume();
  process.once("exit", restore);
  return {
    [Symbol.dispose]() {
      keyboard.off("data", onData);
      keyboard.pause();
      restore();
      process.off("exit", restore);
    },
  };
}

/** One read may bring several keys; arrows are three bytes. */
function pressed(text: string, actions: KeyActions): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what the keys send
  for (const key of text.match(/\x1b\[[A-D]|./gsu) ?? []) {
    if (key === "q" || key === "Q") actions.end();
    else if (key === "\x03") actions.interrupt();
    else if (key === "+" || key === "=" || key === "\x1b[A") actions.scaleRate(STEP);
    else if (key === "-" || key === "\x1b[B") actions.scaleRate(1 / STEP);
  }
}
