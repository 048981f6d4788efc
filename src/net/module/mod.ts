/** Finds, loads, reloads and checks a handler's file, and reports errors with the lines of that file. */
export { moduleError } from "./error.ts";
export { type ModuleFiles, moduleFiles } from "./files.ts";
export { freshVersion, isLoadedHere, isShared, loadHandler, loadModule, runProgram } from "./handler.ts";
export { currentLoad, type ModuleLoad, onLoaded } from "./loads.ts";
export { codeFrame, type Place, placeInStack, placeOfError, shownFile } from "./place.ts";
