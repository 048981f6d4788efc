import { Command } from "commander";
import { TenkError } from "../base/mod.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";

/** A command and the words that may follow it. `path` is "" for the program itself, then `load`, `load tcp` … */
interface Completed {
  readonly path: string;
  readonly commands: readonly Described[];
  readonly options: readonly Described[];
}

interface Described {
  readonly word: string;
  readonly description: string;
}

const SCRIPTS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = { bash, zsh, fish };

/** @param all the whole program */
export function completionCommand(all: () => Promise<Command>): () => Command {
  return () =>
    new Command("completion")
      .description("Print a script that completes commands and options in bash, zsh or fish.")
      .argument("<shell>", "bash, zsh or fish")
      .addHelpText(
        "after",
        examples(
          "tenk completion bash > /usr/share/bash-completion/completions/tenk",
          "tenk completion zsh > /usr/share/zsh/vendor-completions/_tenk",
          "tenk completion fish > ~/.config/fish/completions/tenk.fish",
        ),
      )
      .action(async (shell: string) => print(completionScript(await all(), shell)));
}

/** Returns the script for a shell. @throws {TenkError} `usage` for an unknown one */
export function completionScript(program: Command, shell: string): string {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) throw new TenkError("usage", `Cannot complete in "${shell}": expected bash, zsh or fish`);
  return script(completed(program, ""));
}

/** Returns a command and all below it, without what its help hides. */
function completed(command: Command, path: string): Completed[] {
  const help = command.createHelp();
  const visible = help.visibleCommands(command).filter((each) => each.name() !== "help");
  const own = {
    path,
    commands: visible.map((each) => ({ word: each.name(), description: each.description() })),
    options: help
      .visibleOptions(command)
      .map(({ long, short, description }) => ({ word: long ?? short ?? "", description })),
  };
  return [own, ...visible.flatMap((each) => completed(each, `${path} ${each.name()}`.trim()))];
}

const words = (described: readonly Described[]) => described.map(({ word }) => word).join(" ");

/** Where neither a command nor an option is expected, the shell completes files. */
function bash(all: readonly Completed[]): string {
  const cases = all.map(
    ({ path, commands, options }) => `    "${path}") commands="${words(commands)}" options="${words(options)}" ;;`,
  );
  return `# bash completion for tenk
_tenk() {
  local word path="" next commands options at
  word=\${COMP_WORDS[COMP_CWORD]}
  _tenk_words ""
  for ((at = 1; at < COMP_CWORD; at++)); do
    next=\${COMP_WORDS[at]}
    [[ " $commands " == *" $next "* ]] || continue
    path="\${path:+$path }$next"
    _tenk_words "$path"
  done
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word")
  fi
}
_tenk_words() {
  case $1 in
${cases.join("\n")}
  esac
}
complete -o default -F _tenk tenk
`;
}

function zsh(all: readonly Completed[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const list = (described: readonly Described[]) =>
    described.map(({ word, description }) => quoted(`${word}:${description.replaceAll(":", "\\:")}`)).join(" ");
  const cases = all.map(
    ({ path, commands, options }) => `    "${path}") commands=(${list(commands)}); options=(${list(options)}) ;;`,
  );
  return `#compdef tenk
_tenk_words() {
  case $1 in
${cases.join("\n")}
  esac
}
_tenk() {
  local way="" at
  local -a commands options
  _tenk_words ""
  for ((at = 2; at < CURRENT; at++)); do
    (( \${commands[(I)$words[at]:*]} )) || continue
    way="\${way:+$way }$words[at]"
    _tenk_words "$way"
  done
  if [[ $words[CURRENT] == -* ]]; then
    _describe option options
  elif (( $#commands )); then
    _describe command commands
  else
    _files
  fi
}
if [ "$funcstack[1]" = _tenk ]; then _tenk "$@"; else compdef _tenk tenk; fi
`;
}

function fish(all: readonly Completed[]): string {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = all.flatMap(({ path, commands, options }) => {
    const isHere = quoted(`test (__tenk_path) = ${path === "" ? "''" : `"${path}"`}`);
    return [
      ...commands.map(
        ({ word, description }) => `complete -c tenk -f -n ${isHere} -a ${word} -d ${quoted(description)}`,
      ),
      ...options
        .filter(({ word }) => word.startsWith("--"))
        .map(({ word, description }) => `complete -c tenk -n ${isHere} -l ${word.slice(2)} -d ${quoted(description)}`),
    ];
  });
  const paths = all.map(({ path }) => quoted(path)).join(" ");
  return `# fish completion for tenk
function __tenk_path
  set -l path ''
  for word in (commandline -opc)[2..]
    set -l longer (string trim -- "$path $word")
    contains -- $longer ${paths}; and set path $longer
  end
  echo $path
end
${lines.join("\n")}
`;
}
