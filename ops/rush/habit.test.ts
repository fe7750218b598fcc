import { expect, test } from 'vitest'
import { ManualWorld } from '../../cluster/manual-world.ts'
import { type CrowdHabits, pickHabit } from './habit.ts'

test('RUSH-7 a crowd has the habits that it was asked to have', () => {
  const { random } = new ManualWorld()
  const crowd = { leaveShare: 0.2, lapseShare: 0.1, declineShare: 0.3, thinkMsMax: 50 }
  const habits = Array.from({ length: 10_000 }, () => pickHabit(crowd, random))
  const share = (is: (habit: (typeof habits)[number]) => boolean) => habits.filter(is).length / habits.length
  expect(share(({ plan }) => plan === 'leave')).toBeCloseTo(0.2, 1)
  expect(share(({ plan }) => plan === 'lapse')).toBeCloseTo(0.1, 1)
  expect(share(({ plan, payment }) => plan === 'pay' && payment === 'tok_declined')).toBeCloseTo(0.3, 1)
  expect(habits.every(({ thinkMs }) => thinkMs >= 0 && thinkMs < 50)).toBe(true)
  expect(habits.every(({ plan, patienceMs }) => Number.isFinite(patienceMs) === (plan === 'leave'))).toBe(true)
})

test('RUSH-7 shares of nothing and of everything are exact', () => {
  const { random } = new ManualWorld()
  const plans = (shares: Partial<CrowdHabits>) => {
    const crowd = { leaveShare: 0, lapseShare: 0, declineShare: 0, thinkMsMax: 1, ...shares }
    return new Set(Array.from({ length: 1_000 }, () => pickHabit(crowd, random)).map(({ plan, payment }) => `${plan} ${payment}`))
  }
  expect(plans({})).toEqual(new Set(['pay tok_ok']))
  expect(plans({ declineShare: 1 })).toEqual(new Set(['pay tok_declined']))
  expect(plans({ lapseShare: 1 })).toEqual(new Set(['lapse tok_ok']))
  expect(plans({ leaveShare: 1 })).toEqual(new Set(['leave tok_ok']))
})
