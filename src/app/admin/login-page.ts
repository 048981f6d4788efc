import { escapeHtml, staticPage } from "./static-page.ts";

export interface LoginPageOptions {
  readonly code: number;
  readonly hasPassword: boolean;
  /** @default {""} */
  readonly message?: string;
  /** Redirect to `login`, so that the browser sends the cookie: see `authMiddleware`. @default {false} */
  readonly asksAgain?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Returns the login form. It works without script, and below any base path. */
export function loginPage({ code, hasPassword, message = "", asksAgain, headers = {} }: LoginPageOptions): Response {
  const [label, help] = hasPassword
    ? ["Password", "Or the token, which tenk printed at its first start and keeps in its data folder."]
    : [
        "Token",
        "tenk printed it at its first start, within a link, and keeps it in the file <code>token</code> of its data folder.",
      ];
  const alert = message === "" ? "" : `<p role="alert">${escapeHtml(message)}</p>\n`;
  const body = `${alert}<form method="post" action="login">
<input name="username" autocomplete="username" value="tenk" hidden>
<label for="word">${label}</label>
<input id="word" name="word" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
</form>
<p>${help}</p>`;
  return staticPage({ code, title: "Log in", body, headers, ...(asksAgain ? { redirectTo: "login" } : {}) });
}
