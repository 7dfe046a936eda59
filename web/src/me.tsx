/** The person who is signed in; every screen has them. */
import { createContext, useContext } from "react";
import type { Me } from "./api/client";

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;
export const useMe = () => useContext(MeContext)!;

/** Whether green by this model's own word is known to be right more often than yellow. */
export const isMeasured = (me: Me, model: string | null) => model !== null && me.measured_models.includes(model);
