import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { atExit } from './exit-duties.ts'

test('BEN-92 whatever has to end with a process hangs on one listener of its end', () => {
  const before = process.listenerCount('exit')
  const duties = Array.from({ length: 20 }, () => atExit(() => {}))
  expect(process.listenerCount('exit')).toBe(before + 1)
  for (const forget of duties) forget()
  expect(process.listenerCount('exit')).toBe(before)
})

test('BEN-92 what was started last ends first, what has ended already is not ended again, and one that cannot end stops no other', () => {
  const script = `
    import { atExit } from '${new URL('./exit-duties.js', import.meta.url).href}'
    atExit(() => console.log('folder'))
    atExit(() => console.log('server'))()
    atExit(() => {
      throw new Error('busy')
    })
    atExit(() => console.log('client'))
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(stdout).toBe('client\nfolder\n')
  expect(stderr).toContain('busy')
})
