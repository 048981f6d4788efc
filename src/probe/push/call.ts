/** What a job says by calling: that it has succeeded, begins, has failed, or only a message. */
export type Signal =
  | { readonly kind: "success" }
  | { readonly kind: "start" }
  | { readonly kind: "log" }
  | { readonly kind: "fail"; readonly exitCode?: number };

export interface PushCall {
  readonly name: string;
  readonly key: string;
  readonly signal: Signal;
}

/**
 * Reads the path of a call below `/push/`, with the words of Healthchecks: `NAME/KEY`, and behind that `/start`, `/fail`, `/log`, or an exit code,
 * of which 0 is a success.
 *
 * @returns undefined for anything else
 */
export function readCall(path: string): PushCall | undefined {
  const [, name, key, word] = /^([a-z0-9-]{1,63})\/([\w-]{1,128})(?:\/([a-z0-9]{1,5}))?\/?$/.exec(path) ?? [];
  if (name === undefined || key === undefined) return undefined;
  const signal = signalOf(word);
  return signal && { name, key, signal };
}

function signalOf(word: string | undefined): Signal | undefined {
  if (word === undefined) return { kind: "success" };
  if (word === "start" || word === "log" || word === "fail") return { kind: word };
  if (!/^\d{1,3}$/.test(word) || Number(word) > 255) return undefined;
  return Number(word) === 0 ? { kind: "success" } : { kind: "fail", exitCode: Number(word) };
}

/** Returns what a job sent as one line without control characters: its end, where failures are explained. */
export function messageOfBody(text: string, maxLength: number): string | undefined {
  const line = text.replace(/[\p{C}\s]+/gu, " ").trim();
  return line === "" ? undefined : line.slice(-maxLength);
}
