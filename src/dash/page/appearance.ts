import { cell } from "./cell.ts";

export type Appearance = "light" | "dark";

/** Light or dark; charts are drawn again when it changes, because a canvas has no style sheet. */
export const appearance = cell<Appearance>(current());

/** The reader's choice, else the system's. */
function current(): Appearance {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function toggleAppearance(): void {
  const next = appearance.get() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem("theme", next);
  } catch {
    // A file opened from disk may have no storage: the choice holds while it is open.
  }
  appearance.set(next);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => appearance.set(current()));

/** The style sheet's `rem` on a usual screen; on a wall display it is more. */
export const REM_PIXELS = 14;

/** Returns the factor by which drawings in pixels grow with the text around them. */
export function scale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / REM_PIXELS;
}

/** Returns a colour of the style sheet for a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Returns a translucent `#rrggbb`. */
export function faded(hex: string, alpha: number): string {
  return `${hex}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0")}`;
}
