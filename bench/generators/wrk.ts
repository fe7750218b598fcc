import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BenchFault } from '../bench-fault.ts'
import type { OtherGenerator } from './other-generator.ts'

/** wrk makes each request with a Lua function: users and request ids of its own for each. */
export const wrk: OtherGenerator = {
  name: 'wrk',
  program: 'wrk',
  package: 'wrk',
  isOld: false,
  wordsFor: ({ folder, url, userHeader, body, run, connections, seconds }) => {
    const script = join(folder, 'buy.lua')
    writeFileSync(script, buyLua(userHeader, body, run))
    return ['--threads', '1', '--connections', `${connections}`, '--duration', `${seconds}s`, '--script', script, url]
  },
  readCount: (output) => {
    const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1]
    const lost = /Socket errors: (.*)/.exec(output)?.[1]
    if (refused !== undefined || lost !== undefined)
      throw new BenchFault(`wrk: ${refused ?? 'no'} refusals, socket errors: ${lost ?? 'none'}`)
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? NaN)
  },
}

/** The body has `#` where the call's number goes. Its connections are one sequence of calls, so the number alone tells them apart. */
function buyLua(userHeader: string, body: string, run: string): string {
  return `
local head = { ["Content-Type"] = "application/json" }
local number = 0
function request()
  number = number + 1
  head["${userHeader}"] = "${run}" .. number
  return wrk.format("POST", nil, head, (string.gsub('${body}', "#", number)))
end
`
}
