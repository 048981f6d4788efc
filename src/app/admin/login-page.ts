import { asText, plainPage } from "./plain-page.ts";

export interface LoginPageOptions {
  readonly code: number;
  readonly hasPassword: boolean;
  /** @default {""} */
  readonly message?: string;
  /** Ask once more from our own page, at `login`: see `frontDoor`. @default {false} */
  readonly asksAgain?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A form that works without script, below whatever path a proxy has put us. */
export function loginPage({ code, hasPassword, message = "", asksAgain, headers = {} }: LoginPageOptions): Response {
  const [label, help] = hasPassword
    ? ["Password", "Or the token, which tenk printed at its first start and keeps in its data folder."]
    : [
        "Token",
        "tenk printed it at its first start, within a link, and keeps it in the file <code>token</code> of its data folder.",
      ];
  const said = message === "" ? "" : `<p role="alert">${asText(message)}</p>\n`;
  const body = `${said}<form method="post" action="login">
<input name="username" autocomplete="username" value="tenk" hidden>
<label for="word">${label}</label>
<input id="word" name="word" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>
</form>
<p>${help}</p>`;
  return plainPage({ code, title: "Log in", body, headers, ...(asksAgain ? { goesTo: "login" } : {}) });
}
