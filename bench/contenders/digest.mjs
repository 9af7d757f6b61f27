import { createHash } from 'node:crypto';

/** Takes rows of id and text in order; `line` is what a contender prints at its end. */
export function rowDigest() {
  const ids = createHash('sha256');
  const texts = createHash('sha256');
  let rows = 0;
  return {
    add({ id, text }) {
      rows++;
      ids.update(`${id}\n`);
      texts.update(text);
    },
    line(seconds) {
      const digest = `${rows} rows, ids ${ids.digest('hex')}, texts ${texts.digest('hex')}`;
      return JSON.stringify({ digest, seconds });
    },
  };
}
