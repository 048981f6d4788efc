import { appearance, toggleAppearance } from "./appearance.ts";
import { useCell } from "./cell.ts";

export function AppearanceButton() {
  const isDark = useCell(appearance) === "dark";
  return (
    <button
      type="button"
      class="button icon"
      aria-label={isDark ? "Switch to light" : "Switch to dark"}
      onClick={toggleAppearance}
    >
      <svg
        viewBox="0 0 20 20"
        width="16"
        height="16"
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        aria-hidden="true"
      >
        {isDark ? (
          <path d="M10 2v2m0 12v2M2 10h2m12 0h2M4.3 4.3l1.5 1.5m8.4 8.4 1.5 1.5m0-11.4-1.5 1.5m-8.4 8.4-1.5 1.5M13.4 10a3.4 3.4 0 1 1-6.8 0 3.4 3.4 0 0 1 6.8 0Z" />
        ) : (
          <path d="M16.6 12.4A7.3 7.3 0 0 1 7.6 3.4a7.3 7.3 0 1 0 9 9Z" />
        )}
      </svg>
    </button>
  );
}
