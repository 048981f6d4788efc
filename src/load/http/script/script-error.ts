import { messageOf, TenkError } from "../../../base/mod.ts";
import { codeFrame, placeOfError, shownFile } from "../../../net/mod.ts";

/** Returns why a function of a script failed, for its author: file, line, function and the code around it. */
export function scriptError(thrown: unknown, file: string, name: string): TenkError {
  const place = placeOfError(thrown);
  const where = place === undefined ? "" : `\n${codeFrame(place)}`;
  const hint = thrown instanceof TenkError ? thrown.hint : undefined;
  const message = `The script ${shownFile(file)} failed in ${name}: ${messageOf(thrown)}${where}`;
  return new TenkError("invalid-option", message, { cause: thrown, ...(hint === undefined ? {} : { hint }) });
}
