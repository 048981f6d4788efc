import { useCell } from "./cell.ts";
import type { ClientError } from "./client.ts";
import { Problem } from "./elements.tsx";
import { problem } from "./instance.ts";

/** The error of one view, unless the page shows the same error already. */
export function OwnProblem({ error }: { readonly error: ClientError | undefined }) {
  const shown = useCell(problem);
  return error === undefined || error.message === shown?.message ? null : <Problem error={error} />;
}
