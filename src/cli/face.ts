import type { Paint } from "./paint.ts";

/** Where the words go, so that a test and the demo can read them. */
export interface Face {
  /** What was asked for. */
  readonly print: (line: string) => void;
  /** What went wrong, and what goes on meanwhile: never mixed with what a machine reads. */
  readonly complain: (line: string) => void;
  readonly width: number;
}

/** A face with colours. */
export interface Screen extends Face {
  readonly paint: Paint;
}
