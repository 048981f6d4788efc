/** Options whose value is a URL that may contain a password or a token. */
const ADDRESSES = /^--(?:push|box|stats-url)(?==|$)/;
/** A field's line whose name says that it has a secret, alone or behind `-H`. */
const SECRET_FIELD = /^((?:-H|--header=)?\s*[\w-]*(?:auth|cookie|token|secret|key)[\w-]*:).*$/is;
/** Options whose value is sent, whatever it looks like. */
const TEXTS: ReadonlySet<string> = new Set(["--body", "-m", "--message", "-1", "--first-message"]);
const MOST_CHARACTERS = 2000;

/**
 * Formats a command line to be kept and run again, quoted for a POSIX shell. User, password and query of URLs are left out, and so
 * are the values of fields such as `Authorization` and the words for a script.
 *
 * @returns undefined when it is too long to be kept
 * @example
 * commandLine(["load", "tcp", "box:1", "-m", "a b"]); // "tenk load tcp box:1 -m 'a b'"
 */
export function commandLine(args: readonly string[]): string | undefined {
  const isHttp = args[0] === "load" && (args[1] === "http" || args[1] === "ws");
  const isScripted = isHttp && args[1] === "http" && args.some((arg) => /^(?:-s|--script(?:=|$))/.test(arg));
  const dashes = args.indexOf("--");
  const shown = args.map((arg, at) => {
    if (isHttp) {
      const before = args[at - 1] ?? "";
      if (isScripted && at > 1 && isWord(arg, before, dashes >= 0 && at > dashes)) return "…";
      if (isField(arg, before)) return arg.replace(SECRET_FIELD, "$1 …");
      if (/^(?:https?|wss?):/i.test(arg) && !TEXTS.has(before)) return bareAddress(arg);
    }
    const [option] = ADDRESSES.exec(arg) ?? [];
    if (option !== undefined && arg.length > option.length)
      return `${option}=${bareAddress(arg.slice(option.length + 1))}`;
    return ADDRESSES.test(args[at - 1] ?? "") && !args[at - 1]!.includes("=") ? bareAddress(arg) : arg;
  });
  const text = ["tenk", ...shown.map(quoted)].join(" ");
  return text.length > MOST_CHARACTERS ? undefined : text;
}

/** Returns whether it is a word for a script, which may be a password: neither an option, nor the value of one, nor the URL. */
function isWord(arg: string, before: string, isBehindDashes: boolean): boolean {
  if (/^https?:/i.test(arg)) return false;
  return isBehindDashes || (!arg.startsWith("-") && !before.startsWith("-"));
}

/** @param before the word in front of it */
function isField(arg: string, before: string): boolean {
  return before === "-H" || before === "--header" || /^(?:-H.|--header=)/.test(arg);
}

function bareAddress(text: string): string {
  return text.replace(/^(\w+:\/\/)[^/]*@/, "$1").replace(/[?#].*$/s, "");
}

/** Quotes an argument for a POSIX shell, where it needs that. */
export function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
