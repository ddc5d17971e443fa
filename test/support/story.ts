/** The commands of a page of the documentation, which a test runs. */
export interface Block {
  readonly language: string;
  /** The name of the file that the block is to be saved as. */
  readonly file: string | undefined;
  readonly text: string;
}

/** The fenced blocks that are marked as part of the story, in order. */
export function storyOf(markdown: string): readonly Block[] {
  const fences = markdown.matchAll(/^```(\w+) story(?: (\S+))?\n(.*?)^```$/gms);
  return [...fences].map(([, language = '', file, text = '']) => ({ language, file, text }));
}

/** A comment in a shell block is a line that the commands above it print; `…` stands for what differs. */
export function expectedOutput(script: string): readonly RegExp[] {
  const comments = script.split('\n').filter((line) => line.startsWith('# '));
  return comments.map((line) => {
    const parts = line.slice(2).split('…');
    return new RegExp(`^${parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.+')}$`);
  });
}
