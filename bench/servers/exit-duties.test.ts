import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { atExit } from './exit-duties.ts'

const duties = new URL('./exit-duties.js', import.meta.url).href

test('BEN-92 whatever has to end with a process hangs on one listener of its end', () => {
  const before = process.listenerCount('exit')
  const forgets = Array.from({ length: 20 }, () => atExit(() => {}))
  expect(process.listenerCount('exit')).toBe(before + 1)
  for (const forget of forgets) forget()
  expect(process.listenerCount('exit')).toBe(before)
})

test('BEN-92 what was started last ends first, what has ended already is not ended again, and one that cannot end stops no other', () => {
  const script = `
    import { atExit } from '${duties}'
    atExit(() => console.log('folder'))
    atExit(() => console.log('server'))()
    atExit(() => {
      throw new Error('busy')
    })
    atExit(() => console.log('client'))
  `
  const { stdout, stderr } = run(script)
  expect(stdout).toBe('client\nfolder\n')
  expect(stderr).toContain('busy')
})

test('BEN-92 a folder goes when nobody can write into it any more', () => {
  const script = `
    import { spawn } from 'node:child_process'
    import { once } from 'node:events'
    import { readFileSync } from 'node:fs'
    import { atExit, endWithUs } from '${duties}'
    const busy = "process.stdout.write('here'); for (;;) new Array(100_000).fill(0)"
    let child
    atExit(() => console.log(/[)] (.)/.exec(readFileSync('/proc/' + child.pid + '/stat', 'utf8'))[1]))
    child = spawn(process.execPath, ['-e', busy])
    endWithUs(child)
    await once(child.stdout, 'data')
    process.exit()
  `
  // It has ended, and nobody has asked how.
  expect(run(script)).toEqual({ stdout: 'Z\n', stderr: '' })
})

function run(script: string): { readonly stdout: string; readonly stderr: string } {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  return { stdout, stderr }
}
