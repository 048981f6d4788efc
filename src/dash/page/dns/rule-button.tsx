import { visible } from "../format.ts";

export type RuleAction = "allow" | "block";
export type Click = (name: string, action: RuleAction | "remove") => void;

/** What a rule can name. */
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;

interface RuleButtonProps {
  readonly name: string | null;
  /** What a click does. */
  readonly action: RuleAction;
  /** What the rules made here say of the name already. */
  readonly rule: RuleAction | undefined;
  readonly click: Click;
}

/** Allows or blocks a name and all below it; says so where that is done already. */
export function RuleButton({ name, action, rule, click }: RuleButtonProps) {
  if (name === null || !NAME.test(name)) return null;
  if (rule === action) return <span class="note">{action === "allow" ? "allowed" : "blocked"}</span>;
  return (
    <button
      type="button"
      class="button small"
      aria-label={`${action} ${visible(name)}`}
      onClick={() => click(name, action)}
    >
      {action === "allow" ? "Allow" : "Block"}
    </button>
  );
}
