/** The one place that writes to the terminal: documents and results to stdout, everything else to stderr. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
