import type { z } from "zod";

/** A longer value is cut in a message. */
const MAX_SHOWN = 140;

/** One line for each thing that a schema refused: where it is, what is allowed there and what was given. */
export function describeIssues(error: z.ZodError, given: unknown): string {
  return error.issues
    .map((issue) => {
      const { path } = issue;
      const place = path.length === 0 ? "the whole" : path.map(String).join(".");
      if (issue.code === "invalid_key")
        return `- ${place}: ${issue.issues.map(({ message }) => message).join(", ")}`;
      return `- ${place}: ${issue.message}; given: ${shown(valueAt(given, path))}`;
    })
    .join("\n");
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = textOf(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON.stringify is recursive where JSON.parse is not.
    if (error instanceof RangeError) return "a value nested too deeply to show";
    throw error;
  }
}
