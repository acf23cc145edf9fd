using System.Globalization;
using System.Runtime.Versioning;
using Morag.Failover.Cli.Agents.Processes;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Kills the agent's commands if the agent dies. A shell process in its own session reads the running process groups from a pipe. When the
/// pipe closes because the agent is gone, the shell kills the remaining groups. On Windows, which has no POSIX shell, the commands of a
/// killed agent run to their end.
/// </summary>
internal sealed class Guardian : IDisposable
{
    // Reads lines "+ ID" and "- ID". It ignores stop signals to the whole group, because it must outlive the agent. A process that leads no
    // group is killed alone.
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

    // A frozen shell must not block the agent once the pipe is full.
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

    /// <summary>Starts the guardian.</summary>
    /// <param name="log">Receives a line when the shell process is lost.</param>
    /// <exception cref="CommandFailure"><c>/bin/sh</c> cannot be started.</exception>
    public static Guardian Start(Action<string> log)
    {
        try
        {
            return new Guardian(OperatingSystem.IsWindows() ? null : StartShell(), log);
        }
        catch (ProcessNotStarted failure)
        {
            throw CommandFailure.Usage($"cannot start /bin/sh, which kills the commands if the agent dies: {failure.Message}");
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

        // The shell was killed or frozen. Without it, commands would outlive a killed agent.
        _ = shell?.Signal(SignalNames.Kill);
        shell?.Dispose();
        shell = null;
        try
        {
            shell = StartShell();
            log(TryWrite(string.Concat(watched.Select(running => Line('+', running))))
                ? "the guardian process was lost, and a new one is running"
                : "the guardian process was lost; commands outlive this agent if it is killed");
        }
        catch (ProcessNotStarted failure)
        {
            log($"the guardian process was lost; commands outlive this agent if it is killed: {failure.Message}");
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
