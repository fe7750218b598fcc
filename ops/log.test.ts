import { expect, test } from 'vitest'
import { createLog, type LogOptions } from './log.ts'

function linesOf(options: Partial<LogOptions>, write: (log: ReturnType<typeof createLog>) => void): readonly string[] {
  const lines: string[] = []
  write(createLog({ level: 'info', pretty: false, colours: false, ...options }, { write: (line) => lines.push(line) }))
  return lines
}

test('OPS-3 tokens, keys and payments never reach the log', () => {
  const lines = linesOf({}, (log) => {
    log.info({ token: 'hush', key: 'hush', payment: 'hush', headers: { authorization: 'hush' }, order: { payment: 'hush' } }, 'a call')
  })
  expect(lines.join('')).not.toContain('hush')
  expect(lines.join('')).toContain('[redacted]')
})

test('OPS-4 each line is one JSON object with level, time, text and fields', () => {
  const [line] = linesOf({}, (log) => log.warn({ shard: 3 }, 'slow'))
  expect(JSON.parse(line ?? '')).toMatchObject({ level: 'warn', shard: 3, text: 'slow' })
})

test('OPS-4 on a terminal each line is readable by people', () => {
  const lines = linesOf({ pretty: true }, (log) => log.info({ port: 7080, why: 'two words', at: { shard: 1 } }, 'listening'))
  expect(lines.map((line) => line.slice('00:00:00.000 '.length))).toEqual(['info  listening port=7080 why="two words" at={"shard":1}\n'])
})

test('OPS-4 an error keeps its stack and its cause', () => {
  const error = new Error('outer', { cause: new Error('inner') })
  for (const pretty of [true, false]) {
    const text = linesOf({ pretty }, (log) => log.error({ error }, 'failed')).join('')
    expect(text).toContain('outer')
    expect(text).toContain('inner')
  }
})

test('OPS-4 lines below the level are not written', () => {
  expect(
    linesOf({ level: 'warn' }, (log) => {
      log.debug({}, 'a')
      log.info({}, 'b')
      log.error({}, 'c')
    }),
  ).toHaveLength(1)
})
