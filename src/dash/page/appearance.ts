import { cell } from "./cell.ts";

export type Appearance = "light" | "dark";

/** What the page looks like now; charts are drawn anew when it changes, since a canvas has no style sheet. */
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

/** What the style sheet's `rem` is on a usual screen; on a wall it is more. */
export const REM_PIXELS = 14;

/** By how much all that is drawn in pixels grows with the text around it. */
export function scale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / REM_PIXELS;
}

/** A colour of the style sheet, as a canvas wants it. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** A colour `#rrggbb` that lets through what is behind it. */
export function faded(hex: string, alpha: number): string {
  return `${hex}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0")}`;
}
