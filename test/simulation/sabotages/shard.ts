import type { CodeSabotage } from '../sabotage.ts'

/** A shard and its store: what may leave when, and by which clock an owner goes. */
export const shardSabotages: readonly CodeSabotage[] = [
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
]
