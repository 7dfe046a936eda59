/** Signing in: at the address that the server names, or with a token. */
import { useState } from "react";
import { token } from "../api/client";
import { ErrorText } from "../ui/parts";
import styles from "./SignIn.module.css";

const STATE = "columnist.sign-in";

/** After a sign-in elsewhere, the address holds the token. It is taken only if this page asked for it. */
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
    <main className={styles.signIn} id="main">
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
            placeholder="that of the link, col_… or a JWT from your identity provider"
          />
        </label>
        <ErrorText>{refused}</ErrorText>
        <button className={elsewhere ? undefined : "primary"} disabled={!pasted.trim()}>
          Sign in with this token
        </button>
      </form>
    </main>
  );
}
