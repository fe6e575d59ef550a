import type { ProjectFile } from "./project-files.ts";

const INTERFACE = /^contracts\/interfaces\/.+\.sol$/;
const DECLARATION = /^\s*(function|event|error)\s+(\w+)/;
const COMMENT = /^\s*\/\/\//;
const NOTICE = /^\s*\/\/\/\s*@(notice|inheritdoc)\s/;

/** The comment lines directly above a line. */
function commentAbove(lines: readonly string[], index: number): readonly string[] {
  const first = lines.slice(0, index).findLastIndex((line) => !COMMENT.test(line)) + 1;
  return lines.slice(first, index);
}

/** Functions, events and errors of an interface that no `@notice` explains: what they mean is said there, once. */
export const undocumentedDeclarations = (files: readonly ProjectFile[]): readonly string[] =>
  files
    .filter(({ path }) => INTERFACE.test(path))
    .flatMap(({ path, text }) => {
      const lines = text.split("\n");
      return lines.flatMap((line, index) => {
        const [, kind, name] = DECLARATION.exec(line) ?? [];
        if (kind === undefined || name === undefined) return [];
        if (commentAbove(lines, index).some((comment) => NOTICE.test(comment))) return [];
        return [`${path}:${index + 1}: ${kind} ${name} has no @notice`];
      });
    });
