using System.Diagnostics;
using System.Globalization;

namespace Morag.Failover.Cli.Agents;

/// <summary>
/// Sees to it that no command outlives its agent, whatever ends the agent. A shell process of its own session reads from a
/// pipe which process groups run; when the pipe ends, because the agent is gone, it kills those that are left.
/// Where there is no POSIX shell (Windows), commands that an agent's violent death leaves behind run to their end.
/// </summary>
internal sealed class Guardian : IDisposable
{
    // Takes "+ ID" and "- ID". Signals that a terminal sends to everyone in it must not end it before its agent.
    private const string Script = """
        trap '' INT TERM HUP
        live=' '
        while read -r change group; do
            case $change in
                +) live="$live$group " ;;
                -) live="${live%%" $group "*} ${live#*" $group "}" ;;
            esac
        done
        for group in $live; do kill -s KILL -- "$0$group" 2>/dev/null; done
        exit 0
        """;

    private readonly Lock writing = new();
    private readonly Process? shell;

    private Guardian(Process? shell) => this.shell = shell;

    public static Guardian Start()
    {
        if (OperatingSystem.IsWindows())
        {
            return new Guardian(null);
        }

        var start = new ProcessStartInfo(SessionLeader.Tool ?? "/bin/sh") { RedirectStandardInput = true };
        if (SessionLeader.Tool is not null)
        {
            start.ArgumentList.Add("/bin/sh");
        }

        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);

        // The sign before the id makes kill take the whole group; where commands lead no group, only the process is known.
        start.ArgumentList.Add(SessionLeader.Tool is null ? "" : "-");
        return new Guardian(Process.Start(start));
    }

    public void Watch(int processId) => Tell('+', processId);

    public void Forget(int processId) => Tell('-', processId);

    public void Dispose()
    {
        shell?.StandardInput.Close();
        shell?.Dispose();
    }

    private void Tell(char change, int processId)
    {
        lock (writing)
        {
            try
            {
                shell?.StandardInput.Write(string.Create(CultureInfo.InvariantCulture, $"{change} {processId}\n"));
                shell?.StandardInput.Flush();
            }
            catch (IOException)
            {
                // Someone killed the guardian. The agent goes on without: it still ends its commands itself when it stops in order.
            }
        }
    }
}
