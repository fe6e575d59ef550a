import { VenueError } from "../../../../keeper/ports/market-source.ts";

/** The venue's error that a promise must end with. */
export async function venueErrorOf(promise: Promise<unknown>): Promise<VenueError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof VenueError) return error;
  throw new Error("expected a VenueError", { cause: error });
}

const POLL_MS = 5;

/** Waits until a condition holds; mocha's limit ends a wait for what never comes. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
