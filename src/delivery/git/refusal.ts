/** Nothing was written, and asking again changes nothing until somebody did what the sentence says. */
export class GitRefusal extends Error {
  override readonly name = "GitRefusal";
  readonly reason: string;
  readonly status: number;
  /** The highest sequence that is known, where that is why. */
  readonly sequence: number | undefined;

  constructor(reason: string, message: string, status = 422, sequence?: number) {
    super(message);
    this.reason = reason;
    this.status = status;
    this.sequence = sequence;
  }
}
