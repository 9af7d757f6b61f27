import { printable } from '../../lake/printable.ts';
import type { Waiting } from './run-state.ts';

const MESSAGE_CHARACTERS = 160;

/** `synthesizeRound (3 activities, attempt 4): EndpointUnavailable: …` */
export function waitingLine({ activity, attempt, type, message, activities }: Waiting): string {
  const first = printable(message.split('\n')[0] ?? '', '');
  const short = first.length > MESSAGE_CHARACTERS ? `${first.slice(0, MESSAGE_CHARACTERS)}…` : first;
  const many = activities > 1 ? `${activities} activities, ` : '';
  return `${printable(activity, '')} (${many}attempt ${attempt}): ${type === '' ? '' : `${printable(type, '')}: `}${short}`;
}
