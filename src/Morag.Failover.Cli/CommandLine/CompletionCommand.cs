using System.CommandLine;

namespace Morag.Failover.Cli.CommandLine;

/// <summary><c>morag completion bash|zsh|fish</c>: prints a script with which the shell asks <c>morag</c> for completions.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # Add to ~/.bashrc:  eval "$(morag completion bash)"
        _morag() {
            local IFS=$'\n'
            COMPREPLY=( $(compgen -W "$(morag "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -o default -F _morag morag
        """;

    private const string Zsh = """
        # Add to ~/.zshrc, after compinit:  eval "$(morag completion zsh)"
        _morag() {
            local line="${(j: :)words[1,CURRENT]}"
            local -a words_found
            words_found=( ${(f)"$(morag "[suggest:${#line}]" "${line}" 2>/dev/null)"} )
            compadd -- $words_found
        }
        compdef _morag morag
        """;

    private const string Fish = """
        # Add to ~/.config/fish/config.fish:  morag completion fish | source
        function __morag_suggestions
            set -l line (commandline -cp | string trim --left)
            morag "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c morag -f -a '(__morag_suggestions)'
        """;

    public static Command Build()
    {
        var shell = new Argument<string>("shell") { Description = "Shell: bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script for your shell") { shell };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(shell) switch
        {
            "zsh" => Zsh,
            "fish" => Fish,
            _ => Bash,
        }));
        return command;
    }
}
