import { CommandError } from "../failure.ts";

/** What was to listen, where, and which field of the configuration says so. */
interface Listener {
  readonly what: string;
  readonly where: string;
  readonly field: string;
}

/** What the operating system says when nothing can listen there, and what to do about it. */
const ADVICE: readonly (readonly [RegExp, (listener: Listener) => string])[] = [
  [
    /EADDRINUSE/,
    ({ field }) =>
      `another process has the port, perhaps this keeper itself: find it with ss -ltnp and end it, or choose another port in ${field}`,
  ],
  [
    /EADDRNOTAVAIL/,
    ({ field }) =>
      `this machine has no such address: put one of its own, or 0.0.0.0 for all of them, into ${field}`,
  ],
  [
    /EACCES/,
    ({ field }) =>
      `ports below 1024 need rights that a keeper should not have: choose a higher one in ${field}`,
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    ({ field }) => `the name has no address: put an address of this machine into ${field}`,
  ],
];

/** The failure of a listener in words of its configuration. */
export function listenFailure(listener: Listener, error: unknown): CommandError {
  const { what, where, field } = listener;
  const text = error instanceof Error ? error.message : String(error);
  const [reason = text] = /(?:listen|getaddrinfo) E[A-Z_]+[^\n]*/.exec(text) ?? [];
  const advice = ADVICE.find(([pattern]) => pattern.test(reason))?.[1](listener) ?? `check ${field}`;
  return new CommandError("cannot-listen", `${what} cannot listen at ${where}: ${reason}`, advice, {
    cause: error,
  });
}
