import type { CodeSabotage } from '../sabotage.ts'

/** What a gateway knows of shards, tells its users, and takes on for them. */
export const gatewaySabotages: readonly CodeSabotage[] = [
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
    name: 'place-rises',
    where: 'code',
    how: 'A round tells a place as the view has it, although a better one was shown.',
    breaks: ['G6'],
    patches: [{ file: 'gateway/line-turn.js', find: 'return ahead < aheadShown ||', replace: 'return ahead !== aheadShown ||' }],
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
]
