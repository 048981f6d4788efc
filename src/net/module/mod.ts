/** A handler's file: found, loaded (again), checked, and its errors told in its author's lines. */
export { moduleError } from "./error.ts";
export { type ModuleFiles, moduleFiles } from "./files.ts";
export { freshVersion, isLoadedHere, isShared, loadHandler, runProgram } from "./handler.ts";
export { currentLoad, type ModuleLoad, onLoaded } from "./loads.ts";
export { codeFrame, type Place, placeInStack, placeOfError, shownFile } from "./place.ts";
