import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { MarketRecords } from "../../core/scenarios/history.ts";
import type { Hex } from "../../ports/hex.ts";
import { ScenarioBuildFailed, type ScenarioBuilder } from "../../ports/scenario-builder.ts";
import type { ScenarioReply } from "./scenario-messages.ts";

interface ScenarioBuilderOptions {
  /** How long a build may take, also on a machine with much else to do. */
  readonly timeoutMs?: number;
  /** The program that builds. */
  readonly program?: string;
}

const TIMEOUT_MS = 120_000;
const PROGRAM = fileURLToPath(new URL("./scenario-process.ts", import.meta.url));
/** MiB. A small young generation keeps the process at about 130 MB, for little time. */
const HEAP_FLAGS = ["--max-semi-space-size=2", "--max-old-space-size=192"] as const;
const KEPT_ERROR_CHARS = 2_000;

/**
 * Builds each set in a process of its own that ends with the answer: the keeper's loop goes on meanwhile, and its memory stays small. The
 * process gets the history and nothing else, no key and no environment. It ends with the keeper too.
 */
export function createScenarioBuilder({
  timeoutMs = TIMEOUT_MS,
  program = PROGRAM,
}: ScenarioBuilderOptions = {}): ScenarioBuilder {
  return {
    build: async (histories, signal) => {
      signal.throwIfAborted();
      const child = fork(program, [], {
        execArgv: [...HEAP_FLAGS],
        env: {},
        serialization: "advanced",
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      });
      const kill = () => child.kill("SIGKILL");
      const late = AbortSignal.timeout(timeoutMs);
      late.addEventListener("abort", kill);
      signal.addEventListener("abort", kill, { once: true });
      process.once("exit", kill);
      try {
        return await answerOf(child, histories);
      } catch (error) {
        signal.throwIfAborted();
        if (late.aborted) throw new ScenarioBuildFailed("timed-out", `it took more than ${timeoutMs} ms`);
        throw error;
      } finally {
        late.removeEventListener("abort", kill);
        signal.removeEventListener("abort", kill);
        process.off("exit", kill);
      }
    },
  };
}

/** What the process answers, once it has ended. @throws ScenarioBuildFailed */
function answerOf(child: ChildProcess, histories: readonly MarketRecords[]): Promise<Hex> {
  return new Promise((resolve, reject) => {
    let reply: ScenarioReply | null = null;
    let errors = "";
    child.stderr?.on(
      "data",
      (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-KEPT_ERROR_CHARS)),
    );
    child.once("message", (message) => {
      reply = message as ScenarioReply;
    });
    child.once("error", (cause) => {
      reject(new ScenarioBuildFailed("broke-off", cause.message, { cause }));
    });
    child.once("close", (code, killedBy) => {
      if (reply?.code === "done") resolve(reply.data);
      else if (reply?.code === "failed") reject(new ScenarioBuildFailed("no-set", reply.message));
      else
        reject(
          new ScenarioBuildFailed(
            "broke-off",
            `${killedBy ?? `exit code ${code ?? "unknown"}`} ${errors}`.trim(),
          ),
        );
    });
    // A process that is gone already says so by its end.
    child.send([...histories], () => undefined);
  });
}
