/**
 * Shell completion. The shell calls `countersign complete WORD…` at each Tab, so it always knows the installed program's
 * commands. Words are passed as arguments: a shell must never evaluate the line's text.
 */
import type { CommandUnknownOpts, Argument as TypedArgument } from '@commander-js/extra-typings';
import { Argument } from 'commander';
import type { Program } from './command.ts';
import { commandOf } from './program.ts';

const scripts = {
  bash: `_countersign() {
  local IFS=$'\\n'
  COMPREPLY=($(countersign complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  COMPREPLY=("\${COMPREPLY[@]%%$'\\t'*}")
}
complete -o default -F _countersign countersign`,

  zsh: `#compdef countersign
_countersign() {
  local -a lines
  lines=("\${(@f)$(countersign complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  lines=("\${(@)lines//:/\\\\:}")
  lines=("\${(@)lines/$'\\t'/:}")
  if [[ -n $lines ]]; then _describe countersign lines; else _files; fi
}
if [[ $funcstack[1] == _countersign ]]; then _countersign "$@"; else compdef _countersign countersign; fi`,

  fish: `function __countersign_complete
  countersign complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c countersign -n 'test (count (__countersign_complete)) -gt 0' -f -a '(__countersign_complete)'`,
};

export function mountCompletion(program: Program, print: (line: string) => void): void {
  const shells = Object.keys(scripts) as (keyof typeof scripts)[];
  // The typed package has no code of its own at run time.
  const shell = new Argument('<SHELL>', 'which shell').choices(shells) as unknown as TypedArgument<
    '<SHELL>',
    undefined,
    undefined,
    undefined,
    keyof typeof scripts
  >;
  program
    .command('completion')
    .addArgument(shell)
    .description('Print the completion script for a shell.')
    .addHelpText('after', `\n${installation}`)
    .action((chosen) => print(scripts[chosen]));
  program
    .command('complete', { hidden: true })
    .argument('[WORD...]')
    .allowUnknownOption()
    .action((words) => {
      for (const line of candidates(program, words)) print(line);
    });
}

const installation = `For bash, add this line to ~/.bashrc:
  source <(countersign completion bash)
For zsh, to ~/.zshrc, after compinit:
  source <(countersign completion zsh)
For fish, run this once:
  countersign completion fish > ~/.config/fish/completions/countersign.fish`;

/** Completions of the last word, each as `WORD<tab>MEANING`. */
function candidates(program: Program, words: readonly string[]): readonly string[] {
  const last = words.at(-1) ?? '';
  const command = commandOf(program, words.slice(0, -1));
  const found = last.startsWith('-') ? optionsOf(command) : [...commandsOf(command), ...choicesOf(command)];
  return found.filter(([word]) => word.startsWith(last)).map((each) => each.join('\t'));
}

type Candidate = readonly [word: string, meaning: string];

function commandsOf(command: CommandUnknownOpts): readonly Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((each): Candidate => [each.name(), each.description()]);
}

function choicesOf(command: CommandUnknownOpts): readonly Candidate[] {
  return (command.registeredArguments[0]?.argChoices ?? []).map((choice) => [choice, '']);
}

function optionsOf(command: CommandUnknownOpts): readonly Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.map(({ long, description }): Candidate => [long ?? '', description]);
}
