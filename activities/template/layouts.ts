import type { PairKind } from '../../workflows/contract.ts';
import { fill, forPair, type Pattern } from './pattern.ts';
import type { Mode } from './pool-file.ts';
import type { PoolName } from './pool-rules.ts';
import type { Wording } from './pools.ts';

/** Draws of a chain, each once. */
type Draw = (name: PoolName) => Wording;
type Layout = (wording: Draw, kinds: readonly PairKind[]) => Pattern;

const CONTEXT: Pattern = [{ name: 'context' }];
const QUESTION: Pattern = [{ name: 'question' }];
const ANSWER: Pattern = [{ name: 'answer' }];

/** How a text and its pairs are laid out, by mode (method.md section 2). */
export const LAYOUTS: Readonly<Record<Mode, Layout>> = {
  classic,
  inverted,
  dialog,
  numbered,
  'few-shot': fewShot,
  'next-turn': nextTurn,
};

/** Context, then pairs. Without a line that opens the pairs, none closes the context. */
function classic(wording: Draw, kinds: readonly PairKind[]): Pattern {
  const start = wording('compre-start').text;
  const lines = start === '' ? [] : [wording('read-end').text, start];
  return [...opening(wording, wording('read-start').pattern, lines), ...pairs(wording, kinds)];
}

/** Pairs, then the context that they are about. */
function inverted(wording: Draw, kinds: readonly PairKind[]): Pattern {
  const start = wording('qa-start').text;
  const end = wording('qa-end').text;
  return [
    ...(start === '' ? [] : [start, wording('after-heading').text]),
    ...pairs(wording, kinds),
    wording('after-context').text,
    ...(end === '' ? [] : [end, wording('after-heading').text]),
    ...wording('text-start').pattern,
  ];
}

/** Context, then two speakers in turn: the first asks (and shows options), the second answers (and reasons). */
function dialog(wording: Draw, kinds: readonly PairKind[]): Pattern {
  return [
    ...opening(wording, CONTEXT, [wording('dialog-header').text]),
    ...exchanges(wording, kinds, wording('dialog-exchange').pattern),
  ];
}

/** Context, all questions under numbers, then all answers under the same ones. */
function numbered(wording: Draw, kinds: readonly PairKind[]): Pattern {
  const [asks, replies] = wording('numbered').text.split('\n') as [string, string];
  const items = (style: string, side: (kind: PairKind) => Pattern): Pattern =>
    joined(
      kinds.map((kind, i) => forPair([`${style.replace('{number}', String(i + 1))} `, ...side(kind)], i)),
      wording('between-items').text,
    );
  return [
    ...opening(wording, wording('read-start').pattern, [wording('numbered-questions').text]),
    ...items(asks, (kind) => ask(wording, kind)),
    wording('after-context').text,
    ...line(wording('numbered-answers').text, wording('after-heading').text),
    ...items(replies, (kind) => reply(wording, kind)),
  ];
}

/** Context, worked examples, and the last pair as what is to be done after them. */
function fewShot(wording: Draw, kinds: readonly PairKind[]): Pattern {
  const all = kinds.map((kind, i) => forPair(wording(kind).pattern, i));
  const last = all.pop() ?? [];
  return [
    ...opening(wording, wording('read-start').pattern, [wording('few-shot-header').text]),
    ...joined(all, wording('between-pairs').text),
    wording('after-context').text,
    ...line(wording('few-shot-task').text, wording('after-heading').text),
    ...last,
  ];
}

/** Context, a talk about it, and its next turn as what is to be said. */
function nextTurn(wording: Draw, kinds: readonly PairKind[]): Pattern {
  const last = kinds.length - 1;
  const turn = exchange(wording, kinds[last] as PairKind, wording('next-turn').pattern);
  return [
    ...opening(wording, CONTEXT, [wording('next-turn-header').text]),
    ...exchanges(wording, kinds.slice(0, last), wording('dialog-exchange').pattern),
    wording('after-context').text,
    ...forPair(turn, last),
  ];
}

/** Each pair in the wording of its kind. */
const pairs = (wording: Draw, kinds: readonly PairKind[]): Pattern =>
  joined(
    kinds.map((kind, i) => forPair(wording(kind).pattern, i)),
    wording('between-pairs').text,
  );

const exchanges = (wording: Draw, kinds: readonly PairKind[], pattern: Pattern): Pattern =>
  joined(
    kinds.map((kind, i) => forPair(exchange(wording, kind, pattern), i)),
    wording('between-exchanges').text,
  );

const exchange = (wording: Draw, kind: PairKind, pattern: Pattern): Pattern =>
  fill(pattern, { ask: ask(wording, kind), reply: reply(wording, kind) });
const ask = (wording: Draw, kind: PairKind): Pattern =>
  kind === 'option' || kind === 'option-cot' ? wording('dialog-ask').pattern : QUESTION;
const reply = (wording: Draw, kind: PairKind): Pattern =>
  kind === 'cot' || kind === 'option-cot' ? wording('dialog-reply').pattern : ANSWER;

/** The context, then each line that is not empty, with a break after each. */
function opening(wording: Draw, context: Pattern, lines: readonly string[]): Pattern {
  const shown = lines.filter((each) => each !== '');
  const breaks = shown.map(
    (_, i) => wording(i === shown.length - 1 ? 'after-heading' : 'after-context').text,
  );
  return [...context, wording('after-context').text, ...shown.flatMap((each, i) => [each, breaks[i] ?? ''])];
}

const line = (text: string, end: string): Pattern => (text === '' ? [] : [text, end]);

const joined = (patterns: readonly Pattern[], between: string): Pattern =>
  patterns.flatMap((pattern, i) => (i === 0 ? pattern : [between, ...pattern]));
