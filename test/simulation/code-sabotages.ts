import type { Patch } from './sabotage-patch.ts'
import type { CodeSabotage } from './sabotage.ts'

/** An assertion would stop the owner before anyone is told too much; the checkers have to see it without that help. */
const lawOff: Patch = {
  file: 'actors/inventory/sku-state.js',
  find: 'if (available + held + ordered + sold !== units || available < 0 || held < 0 || ordered < 0 || sold < 0) {',
  replace: 'if (available + held + ordered + sold !== units) {',
}

export const codeSabotages: readonly CodeSabotage[] = [
  {
    name: 'reply-before-append',
    where: 'code',
    how: 'Answers to a batch that changed something leave before its record is stored.',
    breaks: ['G3', 'G4', 'G7'],
    patches: [
      {
        file: 'actors/shard.js',
        find: 'const gate = this.pass(batch, broadcast !== undefined, handsOn);',
        replace: `if (batch.record.events > 0) batch.replies.release((subject, frame) => this.parts.bus.send(subject, frame));
            const gate = this.pass(batch, broadcast !== undefined, handsOn);`,
      },
    ],
  },
  {
    name: 'fenced-answers-leave',
    where: 'code',
    how: 'What a batch said is let out although the store has fenced its record.',
    breaks: ['G3', 'G4', 'G7'],
    patches: [
      {
        file: 'actors/shard.js',
        find: 'if (!(await gate))',
        replace: 'if (!(await gate) && (this.release(batch, undefined), true))',
      },
    ],
  },
  {
    name: 'ungated-read',
    where: 'code',
    how: 'Answers of a batch that changed nothing leave without a word from the store that the epoch stands.',
    breaks: ['G3', 'G5'],
    patches: [{ file: 'actors/shard.js', find: 'if (batch.isSilent && !speaks)', replace: 'if (!speaks)' }],
  },
  {
    name: 'ungated-broadcast',
    where: 'code',
    how: 'A broadcast leaves before what it tells is stored.',
    breaks: ['G3', 'G5'],
    patches: [
      {
        file: 'actors/shard.js',
        find: 'const gate = this.pass(batch, broadcast !== undefined, handsOn);',
        replace: `if (broadcast !== undefined) this.parts.bus.send(this.parts.publicSubject, broadcast);
            const gate = this.pass(batch, false, handsOn);`,
      },
      { file: 'actors/shard.js', find: 'this.release(batch, broadcast);', replace: 'this.release(batch, undefined);' },
    ],
  },
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
  {
    name: 'skip-outbox',
    where: 'code',
    how: 'A new owner hands on no order that the owner before it left open.',
    breaks: ['G2', 'G8'],
    patches: [
      {
        file: 'actors/inventory/outbox.js',
        find: 'let open = 0;',
        replace: `let open = 0;
        this.left ??= new Set(this.state.skus.flatMap((sku) => [...sku.orders.values()].map(({ order }) => order)));`,
      },
      {
        file: 'actors/inventory/outbox.js',
        find: 'if (attempt.underWay || attempt.dueAt > now)',
        replace: 'if (attempt.underWay || attempt.dueAt > now || this.left.has(item.order))',
      },
    ],
  },
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
    name: 'late-payment-sold',
    where: 'code',
    how: 'A payment after its deadline always becomes a sale, though none is free or others wait.',
    breaks: ['G1', 'G6', 'G8'],
    patches: [
      {
        file: 'actors/inventory/order-life.js',
        find: 'return mayStillHave(sku, qty) ? claimState.paid : claimState.refunding;',
        replace: 'return claimState.paid;',
      },
      lawOff,
    ],
  },
  {
    name: 'cancel-forgets-money',
    where: 'code',
    how: 'An order that its buyer gives up ends at once, whatever its charge comes to.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/inventory/decide-order.js',
        find: 'settle(owned, batch, name.claim, claimState.refunding);',
        replace: 'settle(owned, batch, name.claim, claimState.cancelled);',
      },
    ],
  },
  {
    name: 'price-of-now',
    where: 'code',
    how: 'An order costs what the SKU costs when it is made, and not what its hold was promised for.',
    breaks: ['G8'],
    patches: [{ file: 'actors/inventory/decide-order.js', find: 'sku.priceOf(row)', replace: 'settings.priceMinor' }],
  },
  {
    name: 'refund-not-made',
    where: 'code',
    how: 'A refund that an operator asks for is settled as done, and the provider never hears of it.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: 'this.parts.provider.refund(refund, key)',
        replace: "Promise.resolve('refunded')",
      },
    ],
  },
  {
    name: 'charge-twice',
    where: 'code',
    how: 'Every try to charge has a key of its own.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: 'charges.charge(order, order.order)',
        replace: 'charges.charge(order, `${order.order}/${tried}`)',
      },
    ],
  },
  {
    name: 'forget-unknown',
    where: 'code',
    how: 'A charge of which the provider cannot say yet what became of it is taken for declined.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: "if (outcome === 'paid' || outcome === 'declined')\n                return outcome;",
        replace: "if (outcome !== 'absent')\n                return outcome === 'paid' ? 'paid' : 'declined';",
      },
    ],
  },
  {
    name: 'money-kept',
    where: 'code',
    how: 'Money that came for an order which its store has lost is not given back.',
    breaks: ['G8'],
    patches: [
      {
        file: 'actors/payment/payment-worker.js',
        find: "else if (state === 'declined' || state === 'cancelled') {",
        replace: "else if (state === 'declined') {",
      },
    ],
  },
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
  {
    name: 'deadlines-by-local-clock',
    where: 'code',
    how: 'An owner goes by its own clock, wherever the shard had got to, and counts the time without an owner as time that holders had.',
    breaks: ['G5', 'G7', 'G12'],
    patches: [
      { file: 'actors/shard.js', find: 'this.lastNow = Math.max(this.lastNow, wall);', replace: 'this.lastNow = wall;' },
      { file: 'actors/shard.js', find: 'shard.lastNow = Math.max(lastNow, now);', replace: 'shard.lastNow = now;' },
      { file: 'actors/shard.js', find: 'parts.actor.opened(batch, Math.max(0, now - lastNow));', replace: 'parts.actor.opened(batch, 0);' },
    ],
  },
  {
    name: 'lost-broadcast-not-repaired',
    where: 'code',
    how: 'A gateway that missed a broadcast goes on with the next.',
    breaks: ['G3', 'G6', 'G10'],
    patches: [
      {
        file: 'gateway/views.js',
        find: 'if (!shard.isWhole || broadcast.epoch !== shard.epoch || broadcast.fromSeq > shard.seq) {',
        replace: 'if (!shard.isWhole || broadcast.epoch !== shard.epoch) {',
      },
    ],
  },
  {
    name: 'reread-tells-nobody',
    where: 'code',
    how: 'A gateway that read a view anew does not ask what became of the claims that it follows.',
    breaks: ['G2', 'G10'],
    patches: [
      {
        file: 'gateway/claim-follower.js',
        find: 'if (change === undefined || goesOn)',
        replace: 'if (change === undefined) return;\n        if (goesOn)',
      },
    ],
  },
  {
    name: 'stale-view-refuses',
    where: 'code',
    how: 'A view that has long heard nothing still says that all is sold.',
    breaks: ['G2'],
    patches: [
      {
        file: 'gateway/views.js',
        find: ' && this.parts.clock.monotonic() - shard.heardAt <= staleTicks * this.parts.tickMs;',
        replace: ';',
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
    name: 'room-not-given-back',
    where: 'code',
    how: 'A newcomer whose call has ended still counts as under way, so that a shard has room for so many and for nobody after them.',
    breaks: ['G9'],
    patches: [{ file: 'gateway/concurrency-limit.js', find: 'this.newcomers--;', replace: 'void this.newcomers;' }],
  },
  {
    name: 'limit-stays-shrunk',
    where: 'code',
    how: 'The limit of a shard that was overloaded once does not grow back when nobody is refused any more.',
    breaks: ['G9'],
    patches: [
      {
        file: 'gateway/concurrency-limit.js',
        find: 'if (leastMs <= this.overloadMs)',
        replace: 'if (leastMs < 0)',
      },
    ],
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
  {
    name: 'place-rises',
    where: 'code',
    how: 'A round tells a place as the view has it, although a better one was shown.',
    breaks: ['G6'],
    patches: [{ file: 'gateway/line-turn.js', find: 'return ahead < aheadShown ||', replace: 'return ahead !== aheadShown ||' }],
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
