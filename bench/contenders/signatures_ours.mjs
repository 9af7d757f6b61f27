// node signatures_ours.mjs DIST FILE folded|raw PASSES: signatures of the texts of a JSONL file with the built package, of
// texts as they are or of ones folded beforehand. Prints CPU seconds of a pass, after one that is not measured.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [dist, file, form, passes] = process.argv.slice(2);
const { normaliseForDedupe } = await import(pathToFileURL(`${dist}/lake/unicode/normalise.js`).href);
const { signatureOf } = await import(pathToFileURL(`${dist}/activities/dedupe/signature.js`).href);

const digest = createHash('sha256');
const texts = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
for (const text of texts) digest.update(text);
const sign = form === 'raw' ? (text) => signatureOf(normaliseForDedupe(text)) : signatureOf;
const work = form === 'raw' ? texts : texts.map(normaliseForDedupe);

let sum = 0;
function pass() {
  for (const text of work) sum ^= sign(text)?.[0] ?? 0;
}
const seconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
pass();
const before = seconds();
for (let i = 0; i < Number(passes); i++) pass();
console.error(sum);
console.log(JSON.stringify({ digest: digest.digest('hex'), seconds: (seconds() - before) / Number(passes) }));
