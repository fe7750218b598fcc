import type { CodeSabotage } from '../sabotage.ts'

/** The line, the draw of its first places, and whoever is away from it. */
export const lineSabotages: readonly CodeSabotage[] = [
  {
    name: 'line-overtake',
    where: 'code',
    how: 'Someone who comes while units are free gets them, whoever waits.',
    breaks: ['G6'],
    patches: [
      {
        file: 'actors/inventory/decide-claim.js',
        find: 'if (!isEarly && qty <= sku.available && sku.line.size === 0 && grantsAllowed(sku, batch.now) > 0) {',
        replace: 'if (!isEarly && qty <= sku.available && grantsAllowed(sku, batch.now) > 0) {',
      },
    ],
  },
  {
    name: 'draw-by-arrival',
    where: 'code',
    how: 'Who was in the lobby is seated in the order in which they came.',
    breaks: ['G6'],
    patches: [
      {
        file: 'actors/inventory/decide-draw.js',
        find: 'draw.claimAt(sorted.entries[order[position]])',
        replace: 'draw.claimAt(position)',
      },
    ],
  },
  {
    name: 'absence-never-over',
    where: 'code',
    how: 'Whoever is away keeps the place for good.',
    breaks: ['G2'],
    patches: [
      {
        file: 'actors/inventory/decide-absent.js',
        find: 'return Math.max(0, (settings.absenceMs ?? 0) - counted);',
        replace: 'return Math.max(1000, (settings.absenceMs ?? 0) - counted);',
      },
    ],
  },
]
