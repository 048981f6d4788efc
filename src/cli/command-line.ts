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
export function commandLine(words: readonly string[]): string | undefined {
  const shown = words.map((word, at) => {
    const [option] = ADDRESSES.exec(word) ?? [];
    if (option !== undefined && word.length > option.length)
      return `${option}=${bareAddress(word.slice(option.length + 1))}`;
    return ADDRESSES.test(words[at - 1] ?? "") && !words[at - 1]!.includes("=") ? bareAddress(word) : word;
  });
  const text = ["tenk", ...shown.map(quoted)].join(" ");
  return text.length > MOST_CHARACTERS ? undefined : text;
}

function bareAddress(text: string): string {
  return text.replace(/^(\w+:\/\/)[^/]*@/, "$1").replace(/[?#].*$/s, "");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
