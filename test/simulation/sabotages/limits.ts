import type { CodeSabotage } from '../sabotage.ts'

/** What a user may have at most, of a SKU and of a sale. */
export const limitSabotages: readonly CodeSabotage[] = [
  {
    name: 'limit-per-device',
    where: 'code',
    how: 'The limit of a user is held by each request alone, whatever was bought before.',
    breaks: ['G11'],
    patches: [
      {
        file: 'actors/inventory/decide-claim.js',
        find: 'if (users.bought(row) - users.returned(row) + qty > settings.perUserMax)',
        replace: 'if (qty > settings.perUserMax)',
      },
    ],
  },
  {
    name: 'quota-leak',
    where: 'code',
    how: 'What a claim that ended had set aside of the limit of its sale is not given back.',
    breaks: ['G11'],
    patches: [
      { file: 'actors/inventory/decide-reserved.js', find: 'live: row >= 0 && mayHaveUnits(users.state(row))', replace: 'live: row >= 0' },
    ],
  },
  {
    name: 'reservation-used-twice',
    where: 'code',
    how: 'A reservation begins a claim also when it was used before, or given back.',
    breaks: ['G11'],
    patches: [
      {
        file: 'actors/inventory/decide-reserved.js',
        find: 'const isGood = number > (known?.number ?? 0);',
        replace: 'const isGood = number > 0;',
      },
    ],
  },
]
