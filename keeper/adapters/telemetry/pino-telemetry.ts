import { type DestinationStream, pino } from "pino";
import type { Telemetry, TelemetryFields } from "../../ports/telemetry.ts";
import { redactFields } from "./redact.ts";

export interface LogSettings {
  /** Which keeper writes; part of every line. */
  readonly name: string;
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
}

/**
 * JSON lines with time, level, keeper, event and fields; written at once, so that a crash loses none. Big integers become text and secrets
 * are hidden.
 * @param destination default: the standard output
 */
export function createPinoTelemetry(settings: LogSettings, destination?: DestinationStream): Telemetry {
  const options = {
    level: settings.level,
    base: { keeper: settings.name },
    messageKey: "event",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    info: (event, fields) => {
      logger.info(written(fields), event);
    },
    warn: (event, fields) => {
      logger.warn(written(fields), event);
    },
    error: (event, fields) => {
      logger.error(written(fields), event);
    },
  };
}

function written(fields: TelemetryFields = {}): Record<string, string | number | boolean | null> {
  return Object.fromEntries(
    Object.entries(redactFields(fields)).map(([name, value]) => [
      name,
      typeof value === "bigint" ? value.toString() : value,
    ]),
  );
}
