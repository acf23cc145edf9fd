using System.CommandLine;

namespace Morag.Failover.Cli.CommandLine;

/// <summary>
/// <c>morag completion bash|zsh|fish|powershell</c>: prints a script with which the shell asks <c>morag</c> for completions.
/// </summary>
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

    private const string PowerShell = """
        # Add to $PROFILE:  morag completion powershell | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName morag -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            $line = $commandAst.ToString()
            $at = [Math]::Max(0, $cursorPosition - $commandAst.Extent.StartOffset)
            if ($line.Length -lt $at) { $line = $line.PadRight($at) }
            morag "[suggest:$at]" "$line" 2>$null | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
            }
        }
        """;

    public static Command Build()
    {
        var shell = new Argument<string>("shell") { Description = "Shell: bash, zsh, fish or powershell" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "powershell");
        var command = new Command("completion", "Print a completion script for your shell") { shell };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(shell) switch
        {
            "zsh" => Zsh,
            "fish" => Fish,
            "powershell" => PowerShell,
            _ => Bash,
        }));
        return command;
    }
}
