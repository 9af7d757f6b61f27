import { openStream } from '../../../lake/random.ts';

const SYLLABLES = [
  'ba',
  'do',
  'ke',
  'li',
  'mor',
  'na',
  'pel',
  'ris',
  'ta',
  'vo',
  'wen',
  'zu',
  'fre',
  'gal',
  'hin',
  'jos',
];
const KINDS = [
  'river',
  'village',
  'bridge',
  'library',
  'mineral',
  'instrument',
  'festival',
  'orchard',
  'harbour',
  'mill',
];
const QUALITIES = ['narrow', 'old', 'well-known', 'quiet', 'large', 'restored', 'remote', 'busy'];

/** Text number `i` of a made-up gazetteer: about 80 words, all its names its own, so that no two are near-duplicates. */
export function gazetteerText(i: number): string {
  const draw = openStream('gazetteer', 'text', String(i));
  const name = (): string => {
    const word = Array.from({ length: 3 + draw.below(2) }, () => draw.pick(SYLLABLES)).join('');
    return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
  };
  const entries = Array.from({ length: 4 }, () => {
    const [place, person, valley, neighbour] = [name(), name(), name(), name()];
    const year = 1500 + draw.below(500);
    return `${place} is a ${draw.pick(QUALITIES)} ${draw.pick(KINDS)} in the valley of ${valley}. It was first described by ${person} in ${year}, and lies ${2 + draw.below(90)} kilometres from ${neighbour}.`;
  });
  return entries.join(' ');
}
