/** Verbs of statements that can be asked about: base form, third person, past, and the preposition they take. */
const ACTIVE = `
affect affects affected
mean means meant
cause causes caused
lead leads led to
result results resulted in
result results resulted from
stem stems stemmed from
arise arises arose from
consist consists consisted of
depend depends depended on
refer refers referred to
belong belongs belonged to
differ differs differed from
contain contains contained
include includes included
involve involves involved
require requires required
produce produces produced
provide provides provided
prevent prevents prevented
reduce reduces reduced
increase increases increased
raise raises raised
improve improves improved
measure measures measured
control controls controlled
regulate regulates regulated
determine determines determined
carry carries carried
protect protects protected
treat treats treated
detect detects detected
damage damages damaged
destroy destroys destroyed
block blocks blocked
inhibit inhibits inhibited
stimulate stimulates stimulated
release releases released
store stores stored
absorb absorbs absorbed
remove removes removed
represent represents represented
describe describes described
encode encodes encoded
attack attacks attacked
impair impairs impaired
disrupt disrupts disrupted
trigger triggers triggered
convert converts converted
transport transports transported
buy buys bought
sell sells sold
issue issues issued
earn earns earned
publish publishes published
limit limits limited
offer offers offered
use uses used
create creates created
receive receives received
compare compares compared
combine combines combined
cover covers covered
supply supplies supplied
pay pays paid
set sets set
resemble resembles resembled
`
  .trim()
  .split('\n')
  .map((line) => line.split(' '));

export interface VerbForm {
  base: string;
  form: 'base' | 'third' | 'past';
}

/** Every written form (with its preposition) to what it is a form of. */
export const ACTIVE_FORMS: ReadonlyMap<string, VerbForm> = new Map(
  ACTIVE.flatMap(([base = '', third = '', past = '', preposition]) => {
    const tail = preposition === undefined ? '' : ` ${preposition}`;
    const entries: [string, VerbForm][] = [
      [base + tail, { base: base + tail, form: 'base' }],
      [third + tail, { base: base + tail, form: 'third' }],
    ];
    if (past !== base) entries.push([past + tail, { base: base + tail, form: 'past' }]);
    return entries;
  }),
);

/** Participles behind a form of "be", and how they are asked for: {be}, {s}, {adv} are filled in. */
export const PASSIVE: ReadonlyMap<string, string> = new Map([
  ...`caused by|characterized by|characterised by|followed by|marked by|produced by|composed of|made up of|made of
    |made from|associated with|linked to|related to|based on|divided into|derived from|treated with|responsible for
    |needed for|required for|used for|designed to|intended to|determined by|triggered by|replaced by|issued by
    |controlled by|regulated by|involved in|backed by|named after|known for|inherited from|limited to|similar to
    |part of|due to|driven by|measured by|measured in|filled with|covered by|influenced by|surrounded by|affected by
    |accompanied by|confirmed by|paid by|owned by|encoded by|transmitted by|spread by|prevented by`
    .split('|')
    .map((participle): [string, string] => [participle.trim(), `What {be} {s} {adv}${participle.trim()}?`]),
  ['used to', 'What {be} {s} {adv}used to do?'],
  ['called', 'What {be} {s} {adv}called?'],
  ['known as', 'What {be} {s} {adv}known as?'],
  ['defined as', 'How {be} {s} {adv}defined?'],
  ['classified as', 'How {be} {s} {adv}classified?'],
  ['inherited in', 'How {be} {s} {adv}inherited?'],
  ['passed in', 'How {be} {s} {adv}passed on?'],
  ['located in', 'Where {be} {s} {adv}located?'],
  ['located on', 'Where {be} {s} {adv}located?'],
  ['found in', 'Where {be} {s} {adv}found?'],
  ['diagnosed by', 'How {be} {s} {adv}diagnosed?'],
  ['diagnosed with', 'How {be} {s} {adv}diagnosed?'],
] as [string, string][]);
