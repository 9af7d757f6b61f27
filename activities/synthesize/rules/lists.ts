import type { RandomStream } from '../../../lake/random.ts';
import type { Candidate } from './candidate.ts';
import type { Passage } from './passage.ts';
import { behindHeader } from './rows.ts';
import { bare, lower, shuffled, wordsOf } from './strings.ts';
import { say } from './wording.ts';
import { CLAUSE, PREPOSITIONS } from './words.ts';

interface List {
  /** How questions name the list. */
  name: string;
  /** Whether words of the text lead to it; else it goes by the title. */
  named: boolean;
  items: readonly string[];
}

/** Entries that are asked about at most. */
const ASKED = 3;

/** Lists whose entries stand behind dashes ("Symptoms include - Fever - Dry cough - …"): their entries, and which kind of a thing is one. */
export function lists(passage: Passage, stream: RandomStream): Candidate[] {
  const found = passage.paragraphs.flatMap(({ text }) => readList(text, passage.title) ?? []);
  // Lists that only the title could name are told apart by nothing when there are several.
  const unnamed = found.filter(({ named }) => !named).length;
  return found
    .filter(({ named }) => named || unnamed === 1)
    .flatMap((list) => [
      ...entry(list, stream),
      ...order(list, stream),
      ...kinds(list, stream),
      ...membership(list, stream),
    ]);
}

/** The longest run of entries between dashes. What stands before the first dash and behind the last is glued to prose, so it is no entry. */
function readList(text: string, title: string | undefined): List | undefined {
  const segments = text.split(' - ');
  if (segments.length < 3) return undefined;
  let best: string[] = [];
  let start = 0;
  let run: string[] = [];
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] ?? '';
    const glued = i === segments.length - 1 && /[.!?]/.test(segment);
    if (isItem(segment) && !glued) run.push(segment);
    else run = [];
    if (run.length > best.length) {
      best = run;
      start = i - run.length + 1;
    }
  }
  const before = segments[start - 1] ?? '';
  const lead = opening(before);
  // A colon says that the words before it lead to the list; where they cannot be quoted, the title is no substitute.
  const name = lead ?? (title === undefined || before.endsWith(':') ? undefined : `for ${title}`);
  if (name === undefined) return undefined;
  const first = behindHeader(before);
  if (first !== undefined && isItem(first)) best = [first, ...best];
  if (best.length === 0) return undefined;
  return {
    name: `the list ${name}`,
    named: lead !== undefined,
    items: best.filter((item, i) => best.indexOf(item) === i),
  };
}

function isItem(segment: string): boolean {
  const words = wordsOf(segment);
  return (
    words.length <= 8 &&
    segment.length > 2 &&
    /^[A-Z0-9][^.?!:;%"]*$/.test(segment) &&
    !/ (?:Most|The|If|In|You|There) /.test(segment)
  );
}

/** The words that lead to a list, where they are the beginning of a sentence that stands alone. */
function opening(before: string): string | undefined {
  const words = before.replace(/^.*[.!?] (?=[A-Z])/, '').replace(/ ?:$/, '');
  const plain = wordsOf(words).map(bare);
  if (plain.length < 2 || plain.length > 14 || !/^[A-Z][^%?"]*$/.test(words)) return undefined;
  if (plain.some((word) => POINTERS.has(word))) return undefined;
  return LEADS.test(words) ? `that opens with "${words}"` : undefined;
}

const POINTERS = new Set(
  'this these those it its they their them he she his her we our such here one ones'.split(' '),
);
const LEADS =
  / (?:include|includes|including|are|is|from|of|as|by|have|if|following|cause|for|to|with|when|in)$/;

function entry({ name, items }: List, stream: RandomStream): Candidate[] {
  const answer = stream.pick(items);
  const question = say(stream, 'entry', { list: name });
  return [{ family: 'entry', question, answer, sentence: -1, distractors: [] }];
}

/** What follows an entry. Dull, but it can only be answered from the text. */
function order({ name, items }: List, stream: RandomStream): Candidate[] {
  if (items.length < 3) return [];
  const at = stream.below(items.length - 1);
  const [item = '', answer = ''] = items.slice(at, at + 2);
  const question = say(stream, 'order', { item, list: name });
  return [
    {
      family: 'order',
      question,
      answer,
      sentence: -1,
      distractors: items.filter((one) => one !== item && one !== answer),
    },
  ];
}

/** "Which kind of cough …?", where one entry alone names that thing with words before it. */
function kinds({ name, items }: List, stream: RandomStream): Candidate[] {
  return shuffled(items, stream)
    .flatMap((answer): Candidate[] => {
      const words = wordsOf(answer);
      const head = bare(words[words.length - 1] ?? '');
      const alone = items.filter((item) => lower(item).includes(head)).length === 1;
      const joined =
        answer.includes(',') ||
        words
          .map(bare)
          .some((word) => PREPOSITIONS.has(word) || CLAUSE.has(word) || /^(?:and|or)$/.test(word));
      if (
        words.length < 2 ||
        words.length > 5 ||
        head.length < 4 ||
        /\d|(?:ed|ly|ing|ive|al|ic|ous|ar|ary)$/.test(head) ||
        !alone ||
        joined
      )
        return [];
      const question = say(stream, 'kind', { head, list: name });
      return [{ family: 'kind', question, answer, sentence: -1, distractors: [] }];
    })
    .slice(0, ASKED);
}

const OTHER: ReadonlyMap<string, string> = new Map([
  ['dominant', 'recessive'],
  ['recessive', 'dominant'],
  ['increased', 'decreased'],
  ['decreased', 'increased'],
  ['high', 'low'],
  ['low', 'high'],
  ['upper', 'lower'],
  ['lower', 'upper'],
]);

/** Whether an entry is in the list, or the entry that says the opposite; only where there is one, so that both answers occur. */
function membership({ name, items }: List, stream: RandomStream): Candidate[] {
  return items.flatMap((item): Candidate[] => {
    const word = wordsOf(item).find((one) => OTHER.has(lower(one)));
    const turned = word === undefined ? undefined : OTHER.get(lower(word));
    if (word === undefined || turned === undefined) return [];
    const opposite = item.replace(
      word,
      /^[A-Z]/.test(word) ? turned.charAt(0).toUpperCase() + turned.slice(1) : turned,
    );
    if (items.some((other) => lower(other) === lower(opposite))) return [];
    const holds = stream.below(2) === 0;
    const labels = ['Yes', 'No'];
    return [
      {
        family: 'membership',
        question: say(stream, 'membership', { item: holds ? item : opposite, list: name }),
        answer: holds ? 'Yes' : 'No',
        evidence: item,
        remark: holds ? 'So it is in the list' : `The text has "${word}" where the question has "${turned}"`,
        labels,
        sentence: -1,
        distractors: labels,
      },
    ];
  });
}
