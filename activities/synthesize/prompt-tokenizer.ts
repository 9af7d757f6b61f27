import { InvalidConfig, PinMismatch } from '../../lake/errors.ts';
import { suggestOf } from '../../lake/nearest.ts';
import type { Settings } from '../settings.ts';
import { openOnce } from '../tokenize/open-once.ts';
import { readTokenizerFile, type TokenizerFile, tellCollector } from '../tokenize/tokenizer-file.ts';
import { HARMLESS, MARK } from './protocol/markers.ts';

/**
 * Literal prompt → ids exactly as Hugging Face's `encode(add_special_tokens=false)`: special tokens that the text spells
 * (the protocol's own `<s>` and `</s>`) are recognised, none is added. It is what servers make of a text prompt.
 */
export interface PromptTokenizer {
  /** SHA-256 of the file. */
  sha256: string;
  encode(text: string): Promise<number[]>;
  /** Tokens of each text by itself. */
  count(texts: readonly string[]): Promise<number[]>;
  /**
   * The text with every special token that is no mark of the protocol (`<unk>`, `[INST]`, `<|im_end|>` …) made harmless: text of
   * the corpus must not become one. Idempotent.
   */
  neutralise(text: string): string;
  /** The first special token among ids that is no mark of the protocol. The one for unknown letters does not count. */
  foreign(ids: readonly number[]): string | undefined;
}

/** Opens the tokenizer of a synthesizer. Throws BadTokenizer. */
export async function openPromptTokenizer(path: string): Promise<PromptTokenizer> {
  const file = await readTokenizerFile(path);
  const tokenizer = file.whole;
  const specials = foreignSpecials(file);
  const spelled = spellings([...specials.values()]);
  return {
    sha256: file.sha256,
    async encode(text) {
      const ids = (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
      tellCollector(ids.length);
      return ids;
    },
    async count(texts) {
      const encodings = await tokenizer.encodeBatch([...texts], { addSpecialTokens: false });
      const counts = encodings.map((encoding) => encoding.getLength());
      tellCollector(counts.reduce((sum, each) => sum + each, 0));
      return counts;
    },
    neutralise: (text) => (spelled === undefined ? text : text.replace(spelled, broken)),
    foreign(ids) {
      const id = ids.find((each) => each !== file.unknown && specials.has(each));
      return id === undefined ? undefined : specials.get(id);
    },
  };
}

/** The special tokens that no prompt of the protocol has, by id. */
function foreignSpecials({ added }: TokenizerFile): Map<number, string> {
  const marks = new Set<string>(Object.values(MARK));
  return new Map(
    added
      .filter(({ special, content }) => special === true && !marks.has(content.trim()))
      .map(({ id, content }) => [id, content]),
  );
}

function spellings(contents: readonly string[]): RegExp | undefined {
  const long = contents.filter((content) => content.length > 1).sort((a, b) => b.length - a.length);
  if (long.length === 0) return undefined;
  return new RegExp(long.map((each) => each.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
}

/** As the protocol's marks are made harmless; what begins with another sign gets a space after that. */
function broken(token: string): string {
  const first = String.fromCodePoint(token.codePointAt(0) ?? 0);
  return (first === '<' ? HARMLESS : `${first} `) + token.slice(first.length);
}

const opened = openOnce<PromptTokenizer>();

/**
 * The tokenizer of an endpoint's model; undefined where the configuration names none. Throws BadTokenizer, or InvalidConfig
 * for a name that the configuration does not have.
 */
export async function promptTokenizer(
  { endpoints, tokenizers }: Settings,
  endpoint: string,
): Promise<PromptTokenizer | undefined> {
  const name = endpoints[endpoint]?.tokenizer;
  if (name === undefined) return undefined;
  const file = Object.hasOwn(tokenizers, name) ? tokenizers[name]?.file : undefined;
  if (file === undefined) {
    throw new InvalidConfig(
      `endpoint "${endpoint}" names tokenizer "${name}", which the worker's configuration does not define (${suggestOf(name, Object.keys(tokenizers))})`,
    );
  }
  return opened(file, () => openPromptTokenizer(file));
}

/** The same as it was when the run began. Throws PinMismatch when this worker has another, or one where the run had none. */
export async function pinnedPromptTokenizer(
  settings: Settings,
  endpoint: string,
  pin: string | null,
): Promise<PromptTokenizer | undefined> {
  const tokenizer = await promptTokenizer(settings, endpoint);
  if ((tokenizer?.sha256 ?? null) === pin) return tokenizer;
  throw new PinMismatch(
    `the run was started with ${pin === null ? 'no tokenizer' : `the tokenizer with SHA-256 ${pin}`} for endpoint "${endpoint}"; this worker has ${tokenizer === undefined ? 'none' : `one with ${tokenizer.sha256}`}`,
  );
}
