import type { CodeSabotage } from '../sabotage.ts'

/** Requests that come again, and users who do. */
export const requestSabotages: readonly CodeSabotage[] = [
  {
    name: 'no-dedupe',
    where: 'code',
    how: 'A request that comes again after its claim has ended begins another claim.',
    breaks: ['G4'],
    patches: [
      {
        file: 'actors/inventory/decide-claim.js',
        find: 'if (sameRequest || sku.former.has(userHash, requestHi, requestLo, batch.now))',
        replace: 'if (sameRequest && isLive(users.state(row)))',
      },
    ],
  },
  {
    name: 'late-copy-acts',
    where: 'code',
    how: 'A late copy of a leave, a checkout or a pause does again what it did once.',
    breaks: ['G4', 'G7', 'G8'],
    patches: [
      {
        file: 'actors/inventory/answered-requests.js',
        find: 'return isNamed(view, at) && sku.former.has(',
        replace: 'return false && sku.former.has(',
      },
    ],
  },
  {
    name: 'snapshot-forgets-requests',
    where: 'code',
    how: 'A snapshot leaves out the requests whose claims were replaced.',
    breaks: ['G4', 'G7', 'G12'],
    patches: [{ file: 'actors/inventory/snapshot.js', find: 'former: sku.former.save(),', replace: 'former: [],' }],
  },
  {
    name: 'restock-twice',
    where: 'code',
    how: 'A restock that is asked for again adds its units again.',
    breaks: ['G1', 'G4'],
    patches: [{ file: 'actors/inventory/decide-operator.js', find: 'if (!repeated) {', replace: 'if (repeated || !repeated) {' }],
  },
  {
    name: 'erased-too-early',
    where: 'code',
    how: 'A user is erased although a claim of theirs has not ended.',
    breaks: ['G3'],
    patches: [{ file: 'actors/inventory/decide-erase.js', find: 'row >= 0 && isLive(sku.users.state(row))', replace: 'false' }],
  },
  {
    name: 'erased-is-new',
    where: 'code',
    how: 'Who was erased and comes again is not known to be the same.',
    breaks: ['G4', 'G11'],
    patches: [{ file: 'actors/pseudonym.js', find: 'isPseudonym(a) !== isPseudonym(b)', replace: '!isPseudonym(a) && isPseudonym(b)' }],
  },
]
