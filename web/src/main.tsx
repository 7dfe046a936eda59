import { hashKey, MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { App } from "./App";
import { Problem } from "./api/client";
import { BASE } from "./api/server";
import { meQuery } from "./api/queries";
import { NoticeProvider } from "./ui/notices";
import "./base.css";

// After a sign-in has expired, every screen asks for it again.
const onError = (error: unknown) => {
  const signedIn = queries.getQueryData(meQuery.queryKey);
  if (signedIn && error instanceof Problem && error.status === 401) void queries.invalidateQueries(meQuery);
};
const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (query.queryHash !== hashKey(meQuery.queryKey)) onError(error);
    },
  }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      retry: (failures, error) => !(error instanceof Problem && error.status < 500) && failures < 3,
      staleTime: 5_000,
    },
  },
});

// A part of the previous version, which no server has any more: the present version has it under another name.
const RELOADED = "columnist.reloaded";
addEventListener("vite:preloadError", () => {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < 60_000) return; // another cause
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
});

// Files that are dropped outside a drop target would replace the page.
for (const type of ["dragover", "drop"] as const)
  addEventListener(type, (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });

const root = document.getElementById("root"); // start.js replaces it when another part of the page is missing
if (root) {
  sessionStorage.removeItem("columnist.starts");
  createRoot(root, { onCaughtError: (error) => console.warn(error) }).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <NoticeProvider>
          <Router base={BASE}>
            <App />
          </Router>
        </NoticeProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
