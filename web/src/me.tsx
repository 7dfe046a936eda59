/** The person who is signed in; every screen has them. */
import { createContext, useContext } from "react";
import type { Me } from "./api/client";

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;
export const useMe = () => useContext(MeContext)!;
