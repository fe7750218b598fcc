import type { Page } from 'playwright-core'
import { z } from 'zod'

/** A part of the page as the browser hands it to a screen reader. */
export interface Spoken {
  readonly role: string
  readonly name: string
  /** Of a heading. */
  readonly level: number | undefined
}

const valueSchema = z.object({ value: z.unknown().optional() }).optional()
const treeSchema = z.object({
  nodes: z.array(
    z.object({
      ignored: z.boolean(),
      role: valueSchema,
      name: valueSchema,
      properties: z.array(z.object({ name: z.string(), value: z.object({ value: z.unknown().optional() }) })).optional(),
    }),
  ),
})

/** All that the page says to someone who does not see it: names and roles as Chromium computes them, not as the markup wishes. */
export async function spokenPage(page: Page): Promise<readonly Spoken[]> {
  const session = await page.context().newCDPSession(page)
  try {
    const { nodes } = treeSchema.parse(await session.send('Accessibility.getFullAXTree'))
    return nodes
      .filter(({ ignored }) => !ignored)
      .map(({ role, name, properties }) => {
        const level = properties?.find((property) => property.name === 'level')?.value.value
        return { role: textOf(role), name: textOf(name).trim(), level: typeof level === 'number' ? level : undefined }
      })
  } finally {
    await session.detach()
  }
}

function textOf(value: z.infer<typeof valueSchema>): string {
  return typeof value?.value === 'string' ? value.value : ''
}
