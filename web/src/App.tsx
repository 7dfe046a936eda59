/** The screens, the signed-in person, and the bar above everything. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { client, Problem, sentence, token } from "./api/client";
import { BASE } from "./api/server";
import { meQuery } from "./api/queries";
import { isMeasured, MeProvider } from "./me";
import { ReviewsScreen } from "./screens/Reviews";
import { Accept, PasswordDialog, SignIn, SignInAgain, takeFromAddress } from "./screens/SignIn";
import { Boundary } from "./ui/Boundary";
import { Menu } from "./ui/Menu";
import { Loading } from "./ui/parts";
import parts from "./ui/parts.module.css";
import styles from "./App.module.css";

const ReviewScreen = lazy(() => import("./screens/Review"));
const DocumentScreen = lazy(() => import("./screens/Document"));

const invitation = takeFromAddress();

const MODEL = {
  proven: "The model that answers the questions",
  unproven: "The model that answers the questions. Its green is a ring: how often it is right has not been measured.",
};

const isRefused = (error: unknown): error is Problem => error instanceof Problem && error.status === 401;

export function App() {
  const queries = useQueryClient();
  const [path] = useLocation();
  const me = useQuery(meQuery);
  const proof = me.data && isMeasured(me.data, me.data.model) ? "proven" : "unproven";
  useEffect(() => {
    document.documentElement.dataset.model = proof;
  }, [proof]);
  const [invited, setInvited] = useState(invitation);
  const [dialog, setDialog] = useState(false);
  const [away, setAway] = useState(false);
  useEffect(
    // After closing the dialog, the next act opens it again: the button of the bar may be behind a form.
    () =>
      queries.getMutationCache().subscribe((event) => {
        if (event.type === "updated" && event.action.type === "error" && isRefused(event.action.error)) setAway(false);
      }),
    [queries],
  );
  const goOn = async () => {
    const before = me.data?.user_id;
    const { data: now } = await me.refetch();
    if (now?.user_id !== before)
      location.assign(`${BASE}/`); // another person: nothing on this page belongs to them
    else {
      setAway(false); // the next end is announced again
      void queries.invalidateQueries();
    }
  };
  const bySession = me.data?.how === "password" || me.data?.how === "oidc";
  const signOut = async (everywhere: boolean) => {
    if (bySession) await client.DELETE("/api/session", { params: { query: { everywhere } } }).catch(() => null);
    token.clear();
    queries.clear();
    location.assign(`${BASE}/`);
  };
  if (invited) {
    const start = () => {
      setInvited(null);
      void queries.resetQueries();
    };
    return <Accept invitation={invited} onSignIn={start} />;
  }
  const ended = isRefused(me.error) ? me.error : null;
  if (ended && !me.data) {
    const told = token.get() || ended.fields.some(({ field }) => field === "link" || field === "session");
    return <SignIn refused={told ? ended.detail : ""} onSignIn={() => void queries.resetQueries()} />;
  }
  if (me.error && !ended)
    return (
      <main className={parts.empty}>
        <h1>Columnist cannot be reached</h1>
        <p>{sentence(me.error)}</p>
        <button className="primary" onClick={() => void me.refetch()}>
          Try again
        </button>
      </main>
    );
  if (!me.data) return <Loading what="Opening Columnist" />;
  return (
    <MeProvider value={me.data}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.top}>
        <Link href="/" className={styles.brand}>
          <img src={`${BASE}/favicon.svg`} alt="" width="22" height="22" />
          Columnist
        </Link>
        <span className={styles.model} title={MODEL[proof]}>
          {me.data.model === "extractive" ? "extractive: built-in rules, no LLM" : me.data.model}
        </span>
        <Theme />
        {me.data.sign_in && (
          <>
            {bySession ? (
              <Menu
                label={me.data.email}
                items={[
                  ...(me.data.how === "password"
                    ? [{ label: "Change password", onSelect: () => setDialog(true) }, "line" as const]
                    : []),
                  { label: "Sign out everywhere", onSelect: () => void signOut(true) },
                ]}
              />
            ) : (
              <span className="muted">{me.data.email}</span>
            )}
            {ended ? (
              <button onClick={() => setAway(false)}>Sign in</button>
            ) : (
              <button onClick={() => void signOut(false)}>Sign out</button>
            )}
          </>
        )}
      </header>
      {ended && !away && <SignInAgain onSignIn={() => void goOn()} onClose={() => setAway(true)} />}
      {dialog && <PasswordDialog onClose={() => setDialog(false)} />}
      <Boundary path={path}>
        <Suspense fallback={<Loading what="Opening" />}>
          <Switch>
            <Route path="/" component={ReviewsScreen} />
            <Route path="/reviews/:id">{({ id }) => <ReviewScreen key={id} id={id} />}</Route>
            <Route path="/reviews/:id/documents/:document">
              {({ id, document }) => <DocumentScreen id={id} documentId={document} />}
            </Route>
            <Route>
              <main className={parts.empty} id="main">
                <h1>This page does not exist</h1>
                <Link href="/">All reviews</Link>
              </main>
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </MeProvider>
  );
}

const THEMES = { system: "System", light: "Light", dark: "Dark" };

function Theme() {
  const [theme, setTheme] = useState(() => localStorage.getItem("columnist.theme") ?? "system");
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("columnist.theme", theme);
  }, [theme]);
  return (
    <label title="Colours">
      <span className="hidden">Colours</span>
      <select value={theme} onChange={(event) => setTheme(event.target.value)}>
        {Object.entries(THEMES).map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
