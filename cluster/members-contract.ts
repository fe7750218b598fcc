import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Member, Members } from './members.ts'

/** Members as several processes see them, and their time. */
export interface MembersBench {
  /** What another process would use. */
  connect(): Promise<Members>
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/** With real time behind it not too small. */
const ttlMs = 400

/** What every {@link Members} promises. */
export function membersContract(name: string, makeBench: () => Promise<MembersBench>): void {
  describe(`${name} keeps the contract of Members`, () => {
    let bench: MembersBench
    let ofAnn: Members
    let ofBob: Members

    beforeEach(async () => {
      bench = await makeBench()
      ofAnn = await bench.connect()
      ofBob = await bench.connect()
    })
    afterEach(() => bench.close())

    const ann: Member = { name: 'ann', state: 'up' }
    const bob: Member = { name: 'bob', state: 'up' }

    test('OWN-10 who says that it is there learns who else is', async () => {
      expect(await ofAnn.beat(ann, ttlMs)).toEqual([ann])
      expect(await ofBob.beat(bob, ttlMs)).toEqual([ann, bob])
      expect(await ofAnn.beat(ann, ttlMs)).toEqual([ann, bob])
    })

    test('OWN-10 members are told in the order of their names', async () => {
      for (const other of ['b', 'B', 'a1', 'a', 'a0', 'zoé']) await ofBob.beat({ name: other, state: 'up' }, ttlMs)
      const present = await ofAnn.beat(ann, ttlMs)
      expect(present.map((member) => member.name)).toEqual(['B', 'a', 'a0', 'a1', 'ann', 'b', 'zoé'])
    })

    test('OWN-11 a member that says nothing more is gone when its time has run out', async () => {
      await ofAnn.beat(ann, ttlMs)
      await bench.pass(ttlMs * 2)
      expect(await ofBob.beat(bob, ttlMs)).toEqual([bob])
    })

    test('OWN-11 each beat gives a member its whole time again', async () => {
      await ofAnn.beat(ann, ttlMs * 10)
      await ofAnn.beat(ann, ttlMs)
      await bench.pass(ttlMs * 2)
      expect(await ofBob.beat(bob, ttlMs)).toEqual([bob])
      await ofAnn.beat(ann, ttlMs)
      await ofAnn.beat(ann, ttlMs * 10)
      await bench.pass(ttlMs * 2)
      expect(await ofBob.beat(bob, ttlMs)).toEqual([ann, bob])
    })

    test('OWN-12 a member is in the state that it said last', async () => {
      await ofAnn.beat(ann, ttlMs)
      await ofAnn.beat({ ...ann, state: 'draining' }, ttlMs)
      expect(await ofBob.beat(bob, ttlMs)).toEqual([{ ...ann, state: 'draining' }, bob])
      await ofAnn.beat(ann, ttlMs)
      expect(await ofBob.beat(bob, ttlMs)).toEqual([ann, bob])
    })

    test('OWN-13 a member that leaves is gone at once, and may come back', async () => {
      await ofAnn.beat(ann, ttlMs)
      await ofAnn.leave('ann')
      expect(await ofBob.beat(bob, ttlMs)).toEqual([bob])
      expect(await ofAnn.beat(ann, ttlMs)).toEqual([ann, bob])
    })

    test('OWN-13 leaving twice, or without having been there, changes nothing', async () => {
      await ofAnn.beat(ann, ttlMs)
      await ofBob.leave('bob')
      await ofBob.leave('bob')
      expect(await ofAnn.beat(ann, ttlMs)).toEqual([ann])
    })
  })
}
