import { useCell } from "./cell.ts";
import type { ClientError } from "./client.ts";
import { Problem } from "./elements.tsx";
import { problem } from "./instance.ts";

/** What went wrong for one view alone: what the whole page says already is not said twice. */
export function OwnProblem({ error }: { readonly error: ClientError | undefined }) {
  const said = useCell(problem);
  return error === undefined || error.message === said?.message ? null : <Problem error={error} />;
}
