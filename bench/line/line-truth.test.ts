import { expect, test } from 'vitest'
import { checkShown, LineTruth } from './line-truth.ts'

test('BEN-20 the truth of a place is how many joined before it and have not left', () => {
  const truth = new LineTruth()
  for (const claim of [2, 3, 5, 8, 9]) truth.join(claim)
  truth.leave(3, 100)
  truth.leave(9, 150)
  truth.leave(2, 200)
  truth.leave(8, 300)
  truth.leave(5, 400)
  truth.leave(3, 450)
  truth.join(8)
  expect(truth.historyOf(8)).toEqual({ first: 3, fallsAt: [100, 200], leftAt: 300 })
  expect(truth.historyOf(5)).toEqual({ first: 2, fallsAt: [100, 200], leftAt: 400 })
  expect(truth.historyOf(4)).toBeUndefined()
  expect([truth.waiting, truth.departures]).toEqual([0, 5])
})

test('BEN-20 a place lags from when it fell until the next one is shown, or until the end', () => {
  const history = { first: 3, fallsAt: [100, 200, 300], leftAt: undefined }
  const shown = [
    { at: 0, ahead: 3 },
    { at: 150, ahead: 2 },
    { at: 260, ahead: 1 },
  ]
  expect(checkShown(history, shown, 0, 1_000)).toEqual({ lagsMs: [50, 60, 700], rises: 0, tooGood: 0, isRight: false })
  expect(checkShown(history, shown, 200, 320).lagsMs).toEqual([60, 20])
  expect(checkShown(history, [...shown, { at: 305, ahead: 0 }], 0, 1_000)).toMatchObject({ lagsMs: [50, 60, 5, 0], isRight: true })
})

test('BEN-20 a rise, a place that is too good and a wrong end are noticed, and nobody has a place after the own departure', () => {
  const history = { first: 3, fallsAt: [100, 200], leftAt: undefined }
  expect(
    checkShown(
      history,
      [
        { at: 250, ahead: 1 },
        { at: 260, ahead: 2 },
      ],
      0,
      300,
    ),
  ).toMatchObject({ rises: 1, isRight: false })
  expect(checkShown(history, [{ at: 50, ahead: 2 }], 0, 300).tooGood).toBe(1)
  expect(checkShown(history, [{ at: 50, ahead: 0 }], 0, 300).tooGood).toBe(1)
  expect(checkShown({ ...history, leftAt: 250 }, [{ at: 0, ahead: 3 }], 0, 900)).toMatchObject({ lagsMs: [150], isRight: true })
})
