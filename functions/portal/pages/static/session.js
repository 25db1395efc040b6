// Who is logged in, as far as the pages know. The cookie itself is out of reach; a hint spares visitors a refused request.
import { ApiError, call } from "./api.js";

const HINT = "logged-in";
let known = null;

/** The developer, or null. */
export async function developer(fresh = false) {
  if (known && !fresh) return known;
  if (!localStorage.getItem(HINT)) return null;
  try {
    known = await call("GET", "/developer");
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    forget();
  }
  return known;
}

export async function begin() {
  localStorage.setItem(HINT, "yes");
  return developer(true);
}

export function forget() {
  known = null;
  localStorage.removeItem(HINT);
}

export async function end() {
  await call("DELETE", "/auth?session_logout=true");
  forget();
}

export const meta = (who) => {
  try {
    return JSON.parse(who.meta) ?? {};
  } catch {
    return {};
  }
};
