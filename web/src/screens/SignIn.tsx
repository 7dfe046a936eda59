/** Signing in: by password, at the address that the server names, or with a token. And the password itself. */
import { useState } from "react";
import { token } from "../api/client";
import { BASE, fromServer } from "../api/server";
import { api } from "../api/queries";
import { useMe } from "../me";
import { Dialog } from "../ui/Dialog";
import { useNotices } from "../ui/notices";
import { ErrorOf, ErrorText, useTitle } from "../ui/parts";
import parts from "../ui/parts.module.css";
import styles from "./SignIn.module.css";

const STATE = "columnist.sign-in";
const BACK = "columnist.back";
const SHORTEST = 12;

type Invitation = { secret: string; email: string };

let failed = "";

/**
 * The part of the address about a sign-in, which is then removed from it: the token of a sign-in elsewhere, if this
 * page asked for it, or an invitation. After a sign-in at an OIDC provider the person's earlier address returns.
 */
export function takeFromAddress(): Invitation | null {
  const said = new URLSearchParams(location.hash.slice(1));
  const found = said.get("access_token");
  const secret = said.get("invitation");
  if (found) {
    const state = new URLSearchParams(location.search).get("sign-in");
    if (state && state === sessionStorage.getItem(STATE)) token.set(found);
    sessionStorage.removeItem(STATE);
  }
  if (said.get("sign-in") === "failed")
    failed = "The sign-in did not succeed. Try again, or ask the people who run this server: its log says why.";
  const back = location.pathname === `${BASE}/` && !secret ? sessionStorage.getItem(BACK) : null;
  if (back) sessionStorage.removeItem(BACK);
  if (found || secret || failed || back) history.replaceState(null, "", back ?? location.pathname);
  return secret ? { secret, email: said.get("email") ?? "" } : null;
}

type Props = { refused: string; onSignIn: () => void };

export function SignIn(props: Props) {
  useTitle("Sign in");
  return (
    <Welcome>
      <ErrorText>{failed}</ErrorText>
      <Ways {...props} goTo={(address) => location.assign(address)} />
    </Welcome>
  );
}

/** The dialog over the page of a person whose sign-in has ended: typed text stays. */
export function SignInAgain({ onSignIn, onClose }: { onSignIn: () => void; onClose: () => void }) {
  const [away, setAway] = useState(false);
  const goTo = (address: string | URL) => {
    window.open(address, "_blank");
    setAway(true);
  };
  return (
    <Dialog title="Your sign-in has ended" onClose={onClose}>
      <div className={styles.again}>
        <p>Sign in again to go on. Your text is still here.</p>
        {away && <button onClick={onSignIn}>I have signed in, in the other tab</button>}
        <Ways refused="" onSignIn={onSignIn} goTo={goTo} />
      </div>
    </Dialog>
  );
}

function Ways({ refused, onSignIn, goTo }: Props & { goTo: (address: string | URL) => void }) {
  const [ways] = useState(() => fromServer("sign-in").split(" "));
  const elsewhere = fromServer("sign-in-url");
  const provider = ways.includes("oidc");
  const goThere = () => {
    if (provider) {
      sessionStorage.setItem(BACK, location.pathname);
      goTo(`${BASE}/sign-in`);
      return;
    }
    const state = crypto.randomUUID();
    sessionStorage.setItem(STATE, state);
    const back = new URL(location.href);
    back.hash = "";
    back.searchParams.set("sign-in", state);
    const target = new URL(elsewhere);
    target.searchParams.set("redirect_to", back.href);
    goTo(target);
  };
  const byPassword = ways.includes("password");
  return (
    <>
      {byPassword && <PasswordForm refused={refused} onSignIn={onSignIn} />}
      {(provider || elsewhere) && (
        <button className={byPassword ? undefined : "primary"} onClick={goThere}>
          {byPassword ? "Sign in with your organisation’s account" : "Sign in"}
        </button>
      )}
      {ways.includes("token") && (
        <TokenForm
          other={byPassword || provider || elsewhere !== ""}
          refused={byPassword ? "" : refused}
          onSignIn={onSignIn}
        />
      )}
      {!byPassword && !ways.includes("token") && <ErrorText>{refused}</ErrorText>}
    </>
  );
}

function Welcome({ children }: { children: React.ReactNode }) {
  return (
    <main className={styles.signIn} id="main">
      <h1>
        <img src={`${BASE}/favicon.svg`} alt="" width="28" height="28" /> Columnist
      </h1>
      {children}
    </main>
  );
}

/** A session replaces a token that the browser may have kept. */
const withSession = (onSignIn: () => void) => () => {
  token.clear();
  onSignIn();
};

type Field = { label: string; value: string; onChange: (value: string) => void };

function CurrentPassword({ label, value, onChange }: Field) {
  return (
    <label>
      {label}
      <input
        type="password"
        required
        autoComplete="current-password"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

function PasswordForm({ refused, onSignIn }: Props) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = api.useMutation("post", "/api/session", { onSuccess: withSession(onSignIn) });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate({ body: { email: email.trim(), password } });
      }}
    >
      <label>
        E-mail
        <input
          type="email"
          required
          autoComplete="username"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </label>
      <CurrentPassword label="Password" value={password} onChange={setPassword} />
      {signIn.error ? <ErrorOf error={signIn.error} /> : <ErrorText>{refused}</ErrorText>}
      <button className="primary" disabled={signIn.isPending}>
        Sign in
      </button>
      <p className="muted">Forgotten? The people who run this server can send you a link for a new password.</p>
    </form>
  );
}

function TokenForm({ other, refused, onSignIn }: Props & { other: boolean }) {
  const [pasted, setPasted] = useState("");
  const enter = (event: React.FormEvent) => {
    event.preventDefault();
    token.set(pasted.trim());
    onSignIn();
  };
  return (
    <form onSubmit={enter}>
      <label>
        {other ? "Or with a token" : "Sign in with a token"}
        <input
          type="password"
          autoComplete="off"
          value={pasted}
          onChange={(event) => setPasted(event.target.value)}
          placeholder="the link's token, col_… or a JWT from your identity provider"
        />
      </label>
      <ErrorText>{refused}</ErrorText>
      <button className={other ? undefined : "primary"} disabled={!pasted.trim()}>
        Sign in with this token
      </button>
    </form>
  );
}

/** The screen of an invitation's link: the person chooses a password, and is signed in. */
export function Accept({ invitation, onSignIn }: { invitation: Invitation; onSignIn: () => void }) {
  useTitle("Choose a password");
  const [password, setPassword] = useState("");
  const accept = api.useMutation("post", "/api/invitation", { onSuccess: withSession(onSignIn) });
  return (
    <Welcome>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          accept.mutate({ body: { invitation: invitation.secret, password } });
        }}
      >
        <label>
          E-mail
          <input type="email" readOnly autoComplete="username" value={invitation.email} />
        </label>
        <NewPassword label="Choose a password" value={password} onChange={setPassword} />
        <ErrorOf error={accept.error} />
        <button className="primary" disabled={accept.isPending}>
          Start
        </button>
      </form>
    </Welcome>
  );
}

/** The field for choosing a password. It can be shown, so it need not be typed twice. */
function NewPassword(field: Field) {
  const [shown, setShown] = useState(false);
  return (
    <>
      <label>
        {field.label}
        <input
          type={shown ? "text" : "password"}
          required
          minLength={SHORTEST}
          maxLength={200}
          autoComplete="new-password"
          aria-describedby="new-password-hint"
          value={field.value}
          onChange={(event) => field.onChange(event.target.value)}
        />
      </label>
      <p className="muted" id="new-password-hint">
        {SHORTEST} characters or more, such as four random words.
      </p>
      <label className={styles.shown}>
        <input type="checkbox" checked={shown} onChange={(event) => setShown(event.target.checked)} /> Show it
      </label>
    </>
  );
}

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const { say } = useNotices();
  const [password, setPassword] = useState("");
  const [chosen, setChosen] = useState("");
  const change = api.useMutation("put", "/api/password", {
    onSuccess: () => {
      say("Your password is changed. Your other browsers are signed out.");
      onClose();
    },
  });
  return (
    <Dialog title="Change password" onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ body: { password, new_password: chosen } });
        }}
      >
        <input type="email" hidden readOnly autoComplete="username" value={me.email} />
        <CurrentPassword label="Present password" value={password} onChange={setPassword} />
        <NewPassword label="New password" value={chosen} onChange={setChosen} />
        <ErrorOf error={change.error} />
        <div className={parts.row}>
          <button className="primary" disabled={change.isPending}>
            Change password
          </button>
        </div>
      </form>
    </Dialog>
  );
}
