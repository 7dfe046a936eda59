/** The signed-in person, for every screen. */
import { createContext, useContext } from "react";
import type { Me } from "./api/client";

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;
export const useMe = () => useContext(MeContext)!;

/** Whether this model's green answers are measured to be right more often than yellow ones. */
export const isMeasured = (me: Me, model: string | null) => model !== null && me.measured_models.includes(model);
