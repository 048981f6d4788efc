/** Something that could not be carried over, or not as it was. */
export interface ImportProblem {
  /** Where it was written: a file of the archive, or a line. */
  readonly where: string;
  /** Text of the other program may be in it. */
  readonly text: string;
}
