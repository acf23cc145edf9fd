using System.Globalization;
using System.Runtime.Versioning;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Sees to it that no command outlives its agent, whatever ends the agent. A shell process of its own session reads from a
/// pipe which process groups run; when the pipe ends, because the agent is gone, it kills those that are left.
/// Where there is no POSIX shell (Windows), commands that an agent's violent death leaves behind run to their end.
/// </summary>
internal sealed class Guardian : IDisposable
{
    // Takes "+ ID" and "- ID". Signals that are sent to everyone around it must not end it before its agent. What leads no group
    // is killed alone.
    private const string Script = """
        trap '' INT TERM HUP
        live=' '
        while read -r change group; do
            case $change in
                +) live="$live$group " ;;
                -) live="${live%%" $group "*} ${live#*" $group "}" ;;
            esac
        done
        for group in $live; do kill -s KILL -- "-$group" 2>/dev/null || kill -s KILL "$group" 2>/dev/null; done
        exit 0
        """;

    // A frozen guardian must not hold up the agent once the pipe is full.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock changing = new();
    private readonly HashSet<int> watched = [];
    private readonly Action<string> log;
    private ICommandProcess? shell;

    private Guardian(ICommandProcess? shell, Action<string> log)
    {
        this.shell = shell;
        this.log = log;
    }

    /// <summary>Starts it; throws <see cref="CommandFailure"/>.</summary>
    /// <param name="log">Told when the guardian was lost.</param>
    public static Guardian Start(Action<string> log)
    {
        try
        {
            return new Guardian(OperatingSystem.IsWindows() ? null : StartShell(), log);
        }
        catch (ProcessNotStarted failure)
        {
            throw CommandFailure.Usage($"/bin/sh, which ends commands when the agent dies, cannot be started: {failure.Message}");
        }
    }

    public void Watch(int processId)
    {
        lock (changing)
        {
            _ = watched.Add(processId);
            Send('+', processId);
        }
    }

    public void Forget(int processId)
    {
        lock (changing)
        {
            if (watched.Remove(processId))
            {
                Send('-', processId);
            }
        }
    }

    public void Dispose() => shell?.Dispose();

    private void Send(char change, int processId)
    {
        if (OperatingSystem.IsWindows() || TryWrite(Line(change, processId)))
        {
            return;
        }

        // Someone killed or froze it. Without it, commands outlive an agent that is killed.
        _ = shell?.Signal(SignalNames.Kill);
        shell?.Dispose();
        shell = null;
        try
        {
            shell = StartShell();
            log(TryWrite(string.Concat(watched.Select(running => Line('+', running))))
                ? "the process that ends commands when the agent dies was lost, and started again"
                : "the process that ends commands when the agent dies was lost");
        }
        catch (ProcessNotStarted failure)
        {
            log($"the process that ends commands when the agent dies was lost, and cannot be started again yet: {failure.Message}");
        }
    }

    private bool TryWrite(string lines)
    {
        if (shell is null)
        {
            return false;
        }

        try
        {
            using var limit = new CancellationTokenSource(WriteTimeout);
            shell.Input.WriteAsync(System.Text.Encoding.ASCII.GetBytes(lines), limit.Token).AsTask().GetAwaiter().GetResult();
            return true;
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
        {
            return false;
        }
    }

    private static string Line(char change, int processId) => string.Create(CultureInfo.InvariantCulture, $"{change} {processId}\n");

    [UnsupportedOSPlatform("windows")]
    private static ICommandProcess StartShell()
    {
        var environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .ToDictionary(name => name, name => Environment.GetEnvironmentVariable(name) ?? "");
        return UnixProcess.Start(new ProcessStart(["/bin/sh", "-c", Script], environment) { ReadsOutput = false });
    }
}
