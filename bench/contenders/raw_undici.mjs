// raw_undici.mjs URL MODEL IN_FLIGHT CHAINS.jsonl: asks about each text of each chain with nothing but undici, so many
// chains at once; an answer goes into the next prompt as it came. A request that fails is sent again at once, or after the
// Retry-After that the server asks for.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';

const [url, model, inFlight, file] = process.argv.slice(2);
const chains = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
/** Between two looks whether a server that is gone is back. */
const DOWN_MS = 100;
const dispatcher = new Agent({ connections: Number(inFlight) });

async function complete(prompt) {
  const body = JSON.stringify({
    model,
    prompt,
    max_tokens: 400,
    temperature: 0,
    n: 1,
    add_special_tokens: false,
  });
  for (;;) {
    try {
      const answer = await request(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        dispatcher,
      });
      const text = await answer.body.text();
      if (answer.statusCode === 200) return JSON.parse(text).choices[0].text;
      const wait = Number(answer.headers['retry-after'] ?? 0);
      if (wait > 0) await setTimeout(wait * 1000);
    } catch (error) {
      if (!['UND_ERR_SOCKET', 'ECONNRESET', 'ECONNREFUSED'].includes(error.code)) throw error;
      if (error.code === 'ECONNREFUSED') await setTimeout(DOWN_MS);
    }
  }
}

let next = 0;
async function lane() {
  while (next < chains.length) {
    let history = '';
    for (const text of chains[next++]) {
      const prompt = `${history}<s> <CON> ${text} </CON>\n\n`;
      history = `${prompt}${await complete(prompt)}</s>`;
    }
  }
}

const before = process.cpuUsage();
await Promise.all(Array.from({ length: Number(inFlight) }, lane));
const { user, system } = process.cpuUsage(before);
await dispatcher.close();
console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6 }));
