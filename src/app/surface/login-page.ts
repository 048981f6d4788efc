export interface LoginPageOptions {
  readonly hasPassword: boolean;
  /** One of ours, never something that was sent. @default {""} */
  readonly message?: string;
  /** Ask once more from our own page, at `/login`: see `frontDoor`. @default {false} */
  readonly asksAgain?: boolean;
}

/** A form that works without script. */
export function loginPage({ hasPassword, message = "", asksAgain = false }: LoginPageOptions): string {
  const [label, help] = hasPassword
    ? ["Password", "Or the token, which tenk printed at its first start and keeps in its data folder."]
    : [
        "Token",
        "tenk printed it at its first start, within a link, and keeps it in the file token of its data folder.",
      ];
  const said = message === "" ? "" : `<p role="alert">${message}</p>`;
  const refresh = asksAgain ? `<meta http-equiv="refresh" content="0; url=/login">\n` : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh}<title>tenk</title>
<link rel="stylesheet" href="/login.css">
<main>
<h1>tenk</h1>
${said}<form method="post" action="/login">
<label for="word">${label}</label>
<input id="word" name="word" type="password" autocomplete="current-password" required autofocus>
<button>Look</button>
</form>
<p>${help}</p>
</main>
</html>
`;
}

export const LOGIN_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
main { width: min(22rem, 90vw); }
h1 { font-size: 1.5rem; margin: 0 0 1rem; }
label { display: block; font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; padding: .6rem; margin: .3rem 0; font: inherit; border: 1px solid #8888; border-radius: .4rem; }
button { background: #2563eb; color: #fff; border-color: transparent; cursor: pointer; }
input:focus-visible, button:focus-visible { outline: 2px solid #2563eb; outline-offset: 2px; }
p { color: GrayText; font-size: .9rem; }
[role="alert"] { color: #b91c1c; }
@media (prefers-color-scheme: dark) { [role="alert"] { color: #fca5a5; } }
`;
