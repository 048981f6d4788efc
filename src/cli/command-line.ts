/** Options whose value is a URL that may contain a password or a token. */
const ADDRESSES = /^--(?:push|box|stats-url)(?==|$)/;
const MOST_CHARACTERS = 2000;

/**
 * Formats a command line to be kept and run again, quoted for a POSIX shell. User, password and query of URLs are left out.
 *
 * @returns undefined when it is too long to be kept
 * @example
 * commandLine(["load", "tcp", "box:1", "-m", "a b"]); // "tenk load tcp box:1 -m 'a b'"
 */
export function commandLine(args: readonly string[]): string | undefined {
  const shown = args.map((arg, at) => {
    const [option] = ADDRESSES.exec(arg) ?? [];
    if (option !== undefined && arg.length > option.length)
      return `${option}=${bareAddress(arg.slice(option.length + 1))}`;
    return ADDRESSES.test(args[at - 1] ?? "") && !args[at - 1]!.includes("=") ? bareAddress(arg) : arg;
  });
  const text = ["tenk", ...shown.map(quoted)].join(" ");
  return text.length > MOST_CHARACTERS ? undefined : text;
}

function bareAddress(text: string): string {
  return text.replace(/^(\w+:\/\/)[^/]*@/, "$1").replace(/[?#].*$/s, "");
}

/** Quotes an argument for a POSIX shell, where it needs that. */
export function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
