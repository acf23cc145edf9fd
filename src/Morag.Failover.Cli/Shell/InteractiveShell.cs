using System.Runtime.InteropServices;
using System.Text.Json;
using Morag.Failover.Cli.CommandLine;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Cli.Terminals;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Cli.Shell;

/// <summary>
/// <c>morag</c> without a command on a terminal: reads commands and runs them until the user leaves. The prompt shows the cluster.
/// </summary>
/// <param name="commands">Runs the commands.</param>
/// <param name="given">The options with which the shell was started. They apply to every command in it.</param>
/// <param name="terminal">The terminal.</param>
/// <param name="history">The earlier lines.</param>
internal sealed class InteractiveShell(
    MoragCommandLine commands, IReadOnlyList<string> given, ITerminal terminal, ShellHistory history)
{
    private static readonly string[] Own = ["exit", "help", "quit"];

    // The prompt must not wait long for a node that is slow or gone.
    private static readonly TimeSpan PromptTimeout = TimeSpan.FromSeconds(1);

    private CancellationTokenSource? running;

    /// <summary>Runs until the user leaves. Returns the exit code of the last command.</summary>
    /// <param name="node">Connects to the node that the options name.</param>
    /// <param name="cancellation">Ends the shell after the command that runs.</param>
    public async Task<int> RunAsync(Func<NodeConnection> node, CancellationToken cancellation)
    {
        terminal.Write("morag shell. Tab completes, \"help\" lists the commands, Ctrl-D leaves.\r\n");
        using var interrupts = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
        var editor = new LineEditor(terminal, history, OffersAsync);
        var exitCode = ExitCode.Ok;
        while (!cancellation.IsCancellationRequested)
        {
            var (end, text) = await editor.ReadAsync(await PromptAsync(node, cancellation));
            if (end == LineEnd.Closed)
            {
                break;
            }

            string[]? words = end == LineEnd.Entered ? ShellWords.Split(text) : [];
            if (words is null)
            {
                history.Add(text);
                terminal.Write("morag: a quote is not closed\r\n");
                exitCode = ExitCode.Usage;
                continue;
            }

            words = words is ["morag", .. var rest] ? rest : words;
            if (words is ["exit" or "quit"])
            {
                break;
            }

            if (words.Length > 0)
            {
                history.Add(text);
                exitCode = await RunCommandAsync(words is ["help"] ? ["--help"] : words, cancellation);
            }
        }

        return exitCode;
    }

    /// <summary>The prompt for a cluster.</summary>
    internal static string PromptOf(ClusterStatus? status) => status switch
    {
        null => "morag (no node)> ",
        { Unreachable.Length: > 0 } => FormattableString.Invariant($"morag {status.Up} up, {status.Unreachable.Length} unreachable> "),
        _ => FormattableString.Invariant($"morag {status.Up} up> "),
    };

    private async Task<int> RunCommandAsync(string[] words, CancellationToken cancellation)
    {
        using var command = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Volatile.Write(ref running, command);
        try
        {
            return await commands.RunAsync([.. given, .. words], command.Token);
        }
        finally
        {
            Volatile.Write(ref running, null);
        }
    }

    // The first Ctrl-C ends the command, and the shell goes on. While none runs, such as between a command and the prompt, it does nothing.
    private void OnInterrupt(PosixSignalContext signal)
    {
        var command = Volatile.Read(ref running);
        signal.Cancel = command is not { IsCancellationRequested: true };
        if (signal.Cancel)
        {
            _ = command?.CancelAsync();
        }
    }

    private async Task<IReadOnlyList<string>> OffersAsync(string before)
    {
        if (Unquoted(before) is not { } text)
        {
            return [];
        }

        var offers = await commands.CompleteAsync(given, text, CancellationToken.None);
        var first = before.TrimStart();
        var own = first.Contains(' ', StringComparison.Ordinal) ? [] : Own.Where(word => word.StartsWith(first, StringComparison.Ordinal));
        return [.. offers.Concat(own).Distinct().Order(StringComparer.Ordinal)];
    }

    // Completion knows double quotes only, and needs the words before the last one only to know which value that is.
    private static string? Unquoted(string before)
    {
        var last = before.LastIndexOf(' ') + 1;
        return ShellWords.Split(before[..last]) is { } words
            ? string.Concat(words.Select(word => (word.Any(char.IsWhiteSpace) ? "value" : word.Replace('"', '_')) + " ")) + before[last..]
            : null;
    }

    private static async Task<string> PromptAsync(Func<NodeConnection> node, CancellationToken cancellation)
    {
        try
        {
            using var connection = node();
            using var answer = await connection.SendAsync(
                () => new HttpRequestMessage(HttpMethod.Get, "/api/v1/cluster/status"), PromptTimeout, streamed: false, cancellation);
            var text = await AnswerText.ReadAsync(answer, cancellation);
            return PromptOf(JsonSerializer.Deserialize<ClusterStatus>(text, ContractsJson.Options));
        }
        catch (NodeRefused refused) when (refused.Problem.IsFromNode)
        {
            // A token that may not ask, or a node of an older version: a command will say what is wrong.
            return "morag> ";
        }
        catch (Exception failure) when (
            failure is NodeUnreachable or NodeRefused or TokenExposed || UnreadableAnswer.Explains(failure) || NoAnswer.Explains(failure))
        {
            return PromptOf(null);
        }
    }
}
