import { QueryClient, QueryClientProvider, QueryCache } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Problem } from "./api/client";
import { NoticeProvider } from "./ui/notices";
import "./style.css";

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // Whoever is no longer signed in is asked to sign in, wherever they are.
    onError: (error, query) => {
      if (error instanceof Problem && error.status === 401 && query.queryKey[0] !== "me")
        queries.invalidateQueries({ queryKey: ["me"] });
    },
  }),
  defaultOptions: {
    queries: {
      retry: (failures, error) => !(error instanceof Problem && error.status < 500) && failures < 3,
      staleTime: 5_000,
    },
  },
});

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <NoticeProvider>
        <App />
      </NoticeProvider>
    </QueryClientProvider>
  </StrictMode>,
);
