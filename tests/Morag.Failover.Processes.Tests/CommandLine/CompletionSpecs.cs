using System.Diagnostics;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests.CommandLine;

/// <summary>The completion scripts in their shells. A shell that is not installed is skipped with a message.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class CompletionSpecs(CommandLineNode node) : IClassFixture<CommandLineNode>, IDisposable
{
    // Calls the registered completion function like bash does when Tab is pressed.
    private const string Bash = """
        eval "$(morag completion bash)"
        words=($LINE); [[ $LINE == *' ' ]] && words+=('')
        COMP_LINE=$LINE; COMP_POINT=${#LINE}; COMP_WORDS=("${words[@]}"); COMP_CWORD=$((${#words[@]} - 1))
        "$(complete -p morag | sed 's/.*-F \([^ ]*\).*/\1/')" morag "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    // zsh completes only in its line editor. The script opens a pseudoterminal, presses Tab, and then a key that prints the line.
    private const string Zsh = """
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z 'autoload -U compinit; compinit -u -D; unsetopt LIST_AMBIGUOUS; bindkey "^I" complete-word'
        zpty -w z 'eval "$(morag completion zsh)"'
        zpty -w z 'show() { print -r -- "OFFERED:${${BUFFER% }##* }"; BUFFER=; zle .accept-line }'
        zpty -w z 'zle -N show; bindkey "^X" show; print REA""DY'
        while zpty -r z answer; do [[ $answer == *READY* ]] && break; done
        zpty -w -n z "$LINE"$'\t\C-X'
        while zpty -r z answer; do print -r -- "$answer"; [[ $answer == *OFFERED:* ]] && break; done
        zpty -d z
        """;

    private const string Fish = """
        morag completion fish | source
        complete --do-complete "$LINE"
        """;

    private const string PowerShell = """
        morag completion powershell | Out-String | Invoke-Expression
        [System.Management.Automation.CommandCompletion]::CompleteInput($env:LINE, $env:LINE.Length, $null).CompletionMatches |
            ForEach-Object { $_.CompletionText }
        """;

    private readonly TestFolder folder = new();

    [ShellTheory("bash")]
    [InlineData("morag wor", "worker")]
    [InlineData("morag task requeue-", "requeue-all")]
    [InlineData("morag task submit --priority urg", "urgent")]
    public Task Should_complete_commands_of_the_node_when_the_shell_is_bash(string line, string word) =>
        CompletesAsync("bash", Bash, line, word);

    [ShellTheory("zsh")]
    [InlineData("morag wor", "worker")]
    [InlineData("echo x | morag task requeue-", "requeue-all")]
    [InlineData("morag task submit --priority urg", "urgent")]
    public Task Should_complete_commands_of_the_node_when_the_shell_is_zsh(string line, string word) =>
        CompletesAsync("zsh", Zsh, line, word);

    [ShellTheory("fish")]
    [InlineData("morag wor", "worker")]
    [InlineData("echo x | morag task requeue-", "requeue-all")]
    [InlineData("morag task submit --priority urg", "urgent")]
    public Task Should_complete_commands_of_the_node_when_the_shell_is_fish(string line, string word) =>
        CompletesAsync("fish", Fish, line, word);

    [ShellTheory("pwsh")]
    [InlineData("morag wor", "worker")]
    [InlineData("Write-Output x | morag task requeue-", "requeue-all")]
    [InlineData("morag task submit --priority urg", "urgent")]
    public Task Should_complete_commands_of_the_node_when_the_shell_is_PowerShell(string line, string word) =>
        CompletesAsync("pwsh", PowerShell, line, word);

    [Fact]
    public async Task Should_print_a_script_for_every_shell_that_it_names()
    {
        var parts = new[] { ("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete -c"), ("powershell", "-Native") };
        foreach (var (shell, part) in parts)
        {
            var run = await MoragCommand.RunAsync(node.Address, "completion", shell);
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Contains(part, run.Output, StringComparison.Ordinal);
        }
    }

    public void Dispose() => folder.Dispose();

    private async Task CompletesAsync(string shell, string script, string line, string word)
    {
        var command = Path.Combine(folder.Path, "morag");
        await File.WriteAllTextAsync(command, $"#!/bin/sh\nexec dotnet '{Programs.Morag}' \"$@\"\n");
        File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var run = await MoragCommand.RunAsync(new ProcessStartInfo(shell, ["-c", script]), new Dictionary<string, string>
        {
            ["MORAG_NODE"] = node.Address.ToString(),
            ["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = folder.Path,
            ["LINE"] = line,
        });

        var offered = run.Output.Split('\n').Select(offer => offer.Split("OFFERED:")[^1].Split('\t')[0].Trim());
        Assert.True(offered.Contains(word), $"{run.ExitCode}: {run.Error}{run.Output}");
    }
}

/// <summary>A theory that is skipped if its shell is not installed, except bash with CI=true.</summary>
public sealed class ShellTheoryAttribute : TheoryAttribute
{
    public ShellTheoryAttribute(string shell)
    {
        Shell = shell;
        Skip = IsInstalled(shell) || (shell == "bash" && Environment.GetEnvironmentVariable("CI") == "true")
            ? null
            : $"NOT TESTED: {shell} is not on the PATH of this machine";
    }

    /// <summary>The name of the shell.</summary>
    public string Shell { get; }

    private static bool IsInstalled(string shell) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, shell)));
}
