import type { CodeSabotage } from '../sabotage.ts'
import { lawOff } from './law-off.ts'

/** Units, and the holds on them. */
export const unitSabotages: readonly CodeSabotage[] = [
  {
    name: 'double-grant',
    where: 'code',
    how: 'The line is served one place further than there are units.',
    breaks: ['G1'],
    patches: [{ file: 'actors/inventory/decide-due.js', find: 'if (free < 0)', replace: 'if (free < 0 && count++ >= 0)' }, lawOff],
  },
  {
    name: 'leak-expired-hold',
    where: 'code',
    how: 'The units of a hold that expired do not become free.',
    breaks: ['G1', 'G2', 'G3'],
    patches: [
      {
        file: 'actors/inventory/evolve.js',
        find: 'endClaim(sku, row, claimState.expired, now);',
        replace: `sku.available -= sku.users.qty(row);
    sku.held += sku.users.qty(row);
    endClaim(sku, row, claimState.expired, now);`,
      },
    ],
  },
  {
    name: 'moved-deadline-forgotten',
    where: 'code',
    how: 'A hold whose end was moved by an outage is not looked at again.',
    breaks: ['G2'],
    patches: [
      {
        file: 'actors/inventory/decide-due.js',
        find: "if (claimIs === claimState.pending || sku.phase !== 'paused')",
        replace: 'if (claimIs === claimState.pending)',
      },
    ],
  },
  {
    name: 'holds-lost-in-pause',
    where: 'code',
    how: 'Holds that came to their end during a pause are not looked at after it.',
    breaks: ['G2'],
    patches: [{ file: 'actors/inventory/evolve.js', find: 'state.scheduleHolds(sku);', replace: 'void state;' }],
  },
]
