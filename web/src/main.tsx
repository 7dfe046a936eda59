import { hashKey, QueryClient, QueryClientProvider, QueryCache } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Problem } from "./api/client";
import { meQuery } from "./api/queries";
import { NoticeProvider } from "./ui/notices";
import "./base.css";

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A sign-in that has expired is asked for again, on every screen.
    onError: (error, query) => {
      if (error instanceof Problem && error.status === 401 && query.queryHash !== hashKey(meQuery.queryKey))
        void queries.invalidateQueries(meQuery);
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
