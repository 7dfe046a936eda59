/** Signing in: at the place that the server names, or with a token that one has. */
import { useState } from "react";
import { token } from "../api/client";
import { ErrorText } from "../ui/basics";

const STATE = "columnist.sign-in";

/** Back from signing in elsewhere the token stands in the address. It is taken only if this page asked for it. */
export function takeTokenFromAddress(): void {
  const found = new URLSearchParams(location.hash.slice(1)).get("access_token");
  if (!found) return;
  const state = new URLSearchParams(location.search).get("sign-in");
  if (state && state === sessionStorage.getItem(STATE)) token.set(found);
  sessionStorage.removeItem(STATE);
  history.replaceState(null, "", location.pathname);
}

function signInAddress(): string | null {
  const address = document.querySelector<HTMLMetaElement>("meta[name=sign-in-url]")?.content;
  return address && !address.startsWith("%") ? address : null;
}

export function SignIn({ refused, onSignIn }: { refused: string; onSignIn: () => void }) {
  const [pasted, setPasted] = useState("");
  const elsewhere = signInAddress();
  const goThere = () => {
    const state = crypto.randomUUID();
    sessionStorage.setItem(STATE, state);
    const back = new URL(location.href);
    back.hash = "";
    back.searchParams.set("sign-in", state);
    const target = new URL(elsewhere!);
    target.searchParams.set("redirect_to", back.href);
    location.assign(target);
  };
  const enter = (event: React.FormEvent) => {
    event.preventDefault();
    token.set(pasted.trim());
    onSignIn();
  };
  return (
    <main className="sign-in" id="main">
      <h1>
        <img src="/favicon.svg" alt="" width="28" height="28" /> Columnist
      </h1>
      {elsewhere && (
        <button className="primary" onClick={goThere}>
          Sign in
        </button>
      )}
      <form onSubmit={enter}>
        <label>
          {elsewhere ? "Or with a token" : "Sign in with a token"}
          <input
            type="password"
            autoComplete="off"
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
            placeholder="col_… or a JWT of your identity provider"
          />
        </label>
        <ErrorText>{refused}</ErrorText>
        <button className={elsewhere ? "" : "primary"} disabled={!pasted.trim()}>
          Sign in with this token
        </button>
      </form>
    </main>
  );
}
